--
-- PostgreSQL database dump
--


-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.3

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: mood; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.mood AS ENUM (
    'sad',
    'fair',
    'glad'
);


--
-- Name: pair; Type: TYPE; Schema: public; Owner: -
--

CREATE TYPE public.pair AS (
	a integer,
	b text
);


--
-- Name: percent; Type: DOMAIN; Schema: public; Owner: -
--

CREATE DOMAIN public.percent AS integer
	CONSTRAINT percent_check CHECK (((VALUE >= 0) AND (VALUE <= 100)));


--
-- Name: tags; Type: DOMAIN; Schema: public; Owner: -
--

CREATE DOMAIN public.tags AS text[];


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: animals; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.animals (
    id integer NOT NULL,
    legs integer
);


--
-- Name: dogs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.dogs (
    bark text
)
INHERITS (public.animals);


--
-- Name: events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events (
    id bigint NOT NULL,
    at date NOT NULL,
    kind text
)
PARTITION BY RANGE (at);


--
-- Name: events_new; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_new (
    id bigint CONSTRAINT events_id_not_null NOT NULL,
    at date CONSTRAINT events_at_not_null NOT NULL,
    kind text
);


--
-- Name: events_old; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events_old (
    id bigint CONSTRAINT events_id_not_null NOT NULL,
    at date CONSTRAINT events_at_not_null NOT NULL,
    kind text
);


--
-- Name: things; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.things (
    id bigint NOT NULL,
    small smallint,
    name character varying(40),
    code character(3),
    sort_key text COLLATE pg_catalog."C",
    mood public.mood,
    share public.percent,
    price numeric(10,2),
    ratio double precision,
    made timestamp with time zone,
    day date,
    gap interval,
    flag boolean,
    address inet,
    network cidr,
    key uuid,
    label name,
    labels text[],
    numbers integer[],
    tags public.tags,
    moods public.mood[],
    words tsvector,
    span int4range,
    spans int4multirange,
    period tstzrange,
    document jsonb,
    plain json,
    point point,
    box box,
    boxes box[],
    bits bit varying(8),
    pair public.pair,
    transaction xid,
    empty text
);


--
-- Name: events_new; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_new FOR VALUES FROM ('2025-01-01') TO ('2030-01-01');


--
-- Name: events_old; Type: TABLE ATTACH; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_old FOR VALUES FROM ('2020-01-01') TO ('2025-01-01');


--
-- Statistics for Name: animals; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'animals',
	'relpages', '3'::integer,
	'reltuples', '500'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'animals',
	'attname', 'id',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{1,125,250,375,500}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'animals',
	'attname', 'id',
	'inherited', 't'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{1,320,625,912,1200}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'animals',
	'attname', 'legs',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '3'::real,
	'most_common_vals', '{1,2,0}'::text,
	'most_common_freqs', '{0.334,0.334,0.332}'::real[],
	'correlation', '0.33466935'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'animals',
	'attname', 'legs',
	'inherited', 't'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '4'::real,
	'most_common_vals', '{4,0,1,2}'::text,
	'most_common_freqs', '{0.6086956,0.13130435,0.13043478,0.12956522}'::real[],
	'correlation', '0.95964146'::real
);


--
-- Statistics for Name: dogs; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'dogs',
	'relpages', '5'::integer,
	'reltuples', '700'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'dogs',
	'attname', 'bark',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{"wuff 1","wuff 256","wuff 413","wuff 571","wuff 99"}'::text,
	'correlation', '0.60763985'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'dogs',
	'attname', 'id',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{501,675,850,1025,1200}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'dogs',
	'attname', 'legs',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '1'::real,
	'most_common_vals', '{4}'::text,
	'most_common_freqs', '{1}'::real[],
	'correlation', '1'::real
);


--
-- Statistics for Name: events; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events',
	'relpages', '-1'::integer,
	'reltuples', '6000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events',
	'attname', 'at',
	'inherited', 't'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-0.5118333'::real,
	'histogram_bounds', '{2021-01-01,2023-01-28,2025-02-02,2027-02-15,2029-03-05}'::text,
	'correlation', '0.88327557'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events',
	'attname', 'id',
	'inherited', 't'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{2,1463,2869,4424,5984}'::text,
	'correlation', '0.80085576'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events',
	'attname', 'kind',
	'inherited', 't'::boolean,
	'null_frac', '0'::real,
	'avg_width', '5'::integer,
	'n_distinct', '2'::real,
	'most_common_vals', '{click,view}'::text,
	'most_common_freqs', '{0.5183333,0.48166665}'::real[],
	'correlation', '0.46615595'::real
);


--
-- Statistics for Name: events_new; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_new',
	'relpages', '20'::integer,
	'reltuples', '3078'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_new',
	'attname', 'at',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-0.5051982'::real,
	'histogram_bounds', '{2025-01-01,2026-03-03,2027-03-07,2028-03-05,2029-03-19}'::text,
	'correlation', '0.51345134'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_new',
	'attname', 'id',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{1464,2296,4556,5282,5999}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_new',
	'attname', 'kind',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '5'::integer,
	'n_distinct', '2'::real,
	'most_common_vals', '{click,view}'::text,
	'most_common_freqs', '{0.5466667,0.45333335}'::real[],
	'correlation', '0.50873125'::real
);


--
-- Statistics for Name: events_old; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_old',
	'relpages', '19'::integer,
	'reltuples', '2922'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_old',
	'attname', 'at',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-0.4880219'::real,
	'histogram_bounds', '{2021-01-02,2022-01-10,2023-01-16,2024-01-11,2024-12-31}'::text,
	'correlation', '0.49930927'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_old',
	'attname', 'id',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{1,759,1453,3724,4460}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_old',
	'attname', 'kind',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '5'::integer,
	'n_distinct', '2'::real,
	'most_common_vals', '{click,view}'::text,
	'most_common_freqs', '{0.5308333,0.46916667}'::real[],
	'correlation', '0.49269068'::real
);


--
-- Statistics for Name: things; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'relpages', '364'::integer,
	'reltuples', '4000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'address',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '7'::integer,
	'n_distinct', '-0.24775'::real,
	'histogram_bounds', '{10.0.0.50,10.0.51.51,10.0.101.1,10.0.152.152,10.0.199.249}'::text,
	'correlation', '0.07034593'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'bits',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '6'::integer,
	'n_distinct', '8'::real,
	'histogram_bounds', '{000,001,100,110,111}'::text,
	'correlation', '0.15771118'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'box',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '32'::integer,
	'n_distinct', '0'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'boxes',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '53'::integer,
	'n_distinct', '0'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'code',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '20'::real,
	'histogram_bounds', '{"Ax ","Fx ","Kx ","Px ","Tx "}'::text,
	'correlation', '0.060977515'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'day',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-0.1005'::real,
	'histogram_bounds', '{2020-01-01,2020-04-04,2020-07-10,2020-10-25,2021-02-03}'::text,
	'correlation', '0.14463113'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'document',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '24'::integer,
	'n_distinct', '25'::real,
	'histogram_bounds', '{"{\"n\": 0}","{\"n\": 6}","{\"n\": 12}","{\"n\": 18}","{\"n\": 24}"}'::text,
	'correlation', '0.04609181'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'empty',
	'inherited', 'f'::boolean,
	'null_frac', '1'::real,
	'avg_width', '0'::integer,
	'n_distinct', '0'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'flag',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '1'::integer,
	'n_distinct', '2'::real,
	'most_common_vals', '{f,t}'::text,
	'most_common_freqs', '{0.7991667,0.20083334}'::real[],
	'correlation', '0.6727433'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'gap',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '16'::integer,
	'n_distinct', '90'::real,
	'histogram_bounds', '{00:00:00,00:22:00,00:44:00,01:06:00,01:29:00}'::text,
	'correlation', '0.018979527'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'id',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{3,1042,2016,3003,3999}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'key',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '16'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{0004d0b5-9e19-461f-f126-e3a08a814c33,3f53d719-0148-675e-3cd4-72fc826828c5,8065d07d-a4a7-7621-450a-a84fee5656d9,c3992e9a-68c5-ae12-bd18-488bc579b30d,ffeabd22-3de0-d4ea-cb9a-3e6e53e5448d}'::text,
	'correlation', '-0.0065259836'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'label',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '64'::integer,
	'n_distinct', '10'::real,
	'histogram_bounds', '{label0,label2,label4,label7,label9}'::text,
	'correlation', '0.09582724'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'labels',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '61'::integer,
	'n_distinct', '50'::real,
	'histogram_bounds', '{"{\"tag 0\",\"quoted \\\"0\\\" \\\\ and, comma\"}","{\"tag 1\",\"quoted \\\"16\\\" \\\\ and, comma\"}","{\"tag 2\",\"quoted \\\"32\\\" \\\\ and, comma\"}","{\"tag 3\",\"quoted \\\"43\\\" \\\\ and, comma\"}","{\"tag 4\",\"quoted \\\"9\\\" \\\\ and, comma\"}"}'::text,
	'correlation', '0.057671547'::real,
	'most_common_elems', '{"quoted \"1\" \\ and, comma","quoted \"10\" \\ and, comma","quoted \"11\" \\ and, comma","quoted \"13\" \\ and, comma","quoted \"14\" \\ and, comma","quoted \"15\" \\ and, comma","quoted \"16\" \\ and, comma","quoted \"18\" \\ and, comma","quoted \"19\" \\ and, comma","quoted \"2\" \\ and, comma","quoted \"20\" \\ and, comma","quoted \"22\" \\ and, comma","quoted \"23\" \\ and, comma","quoted \"25\" \\ and, comma","quoted \"26\" \\ and, comma","quoted \"27\" \\ and, comma","quoted \"29\" \\ and, comma","quoted \"30\" \\ and, comma","quoted \"31\" \\ and, comma","quoted \"32\" \\ and, comma","quoted \"33\" \\ and, comma","quoted \"34\" \\ and, comma","quoted \"36\" \\ and, comma","quoted \"37\" \\ and, comma","quoted \"39\" \\ and, comma","quoted \"4\" \\ and, comma","quoted \"40\" \\ and, comma","quoted \"41\" \\ and, comma","quoted \"42\" \\ and, comma","quoted \"43\" \\ and, comma","quoted \"46\" \\ and, comma","quoted \"48\" \\ and, comma","quoted \"49\" \\ and, comma","quoted \"6\" \\ and, comma","quoted \"9\" \\ and, comma","tag 0","tag 1","tag 2","tag 3","tag 4"}'::text,
	'most_common_elem_freqs', '{0.021666666,0.02,0.0175,0.025,0.018333333,0.02,0.018333333,0.020833334,0.0225,0.018333333,0.0225,0.018333333,0.025833333,0.02,0.025,0.0225,0.020833334,0.026666667,0.018333333,0.025,0.020833334,0.025,0.018333333,0.019166667,0.0225,0.021666666,0.024166666,0.021666666,0.018333333,0.021666666,0.018333333,0.021666666,0.024166666,0.0225,0.02,0.20083334,0.19916667,0.185,0.205,0.21,0.0175,0.21,0}'::real[],
	'elem_count_histogram', '{2,2,2,2,2}'::real[]
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'made',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{"2024-01-01 03:00:00+00","2024-02-13 10:00:00+00","2024-03-25 00:00:00+00","2024-05-05 03:00:00+00","2024-06-15 15:00:00+00"}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'mood',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '3'::real,
	'most_common_vals', '{sad,fair,glad}'::text,
	'most_common_freqs', '{0.34083334,0.335,0.32416666}'::real[],
	'correlation', '0.3478535'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'moods',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '29'::integer,
	'n_distinct', '1'::real,
	'most_common_vals', '{"{sad,glad}"}'::text,
	'most_common_freqs', '{1}'::real[],
	'correlation', '1'::real,
	'most_common_elems', '{sad,glad}'::text,
	'most_common_elem_freqs', '{1,1,1,1,0}'::real[],
	'elem_count_histogram', '{2,2,2,2,2}'::real[]
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'name',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-0.21975'::real,
	'histogram_bounds', '{"name 0","name 288","name 470","name 699","name 99"}'::text,
	'correlation', '0.025064845'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'network',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '7'::integer,
	'n_distinct', '100'::real,
	'histogram_bounds', '{10.0.0.0/16,10.26.0.0/16,10.51.0.0/16,10.75.0.0/16,10.99.0.0/16}'::text,
	'correlation', '0.04729453'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'numbers',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '33'::integer,
	'n_distinct', '-0.14875'::real,
	'histogram_bounds', '{"{0,0,0}","{0,29,249}","{1,19,19}","{2,9,269}","{2,39,299}"}'::text,
	'correlation', '0.025810018'::real,
	'most_common_elems', '{0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33,34,35,36,37,38,39}'::text,
	'most_common_elem_freqs', '{0.35583332,0.35333332,0.34416667,0.030833334,0.0225,0.025833333,0.03,0.0225,0.02,0.029166667,0.026666667,0.02,0.0275,0.0275,0.030833334,0.023333333,0.029166667,0.0275,0.025,0.028333334,0.028333334,0.025,0.018333333,0.029166667,0.0225,0.024166666,0.026666667,0.019166667,0.025,0.026666667,0.0325,0.030833334,0.030833334,0.03,0.030833334,0.025833333,0.025,0.025,0.0325,0.033333335,0.018333333,0.35583332,0}'::real[],
	'elem_count_histogram', '{1,3,3,3,2.9025}'::real[]
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'pair',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '27'::integer,
	'n_distinct', '9'::real,
	'histogram_bounds', '{"(0,b)","(2,b)","(4,b)","(6,b)","(8,b)"}'::text,
	'correlation', '0.10595234'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'period',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '22'::integer,
	'n_distinct', '-1'::real,
	'range_length_histogram', '{97200,3837600,7344000,10897200,14482800}'::text,
	'range_empty_frac', '0'::real,
	'range_bounds_histogram', '{"[\"2024-01-01 03:00:00+00\",\"2024-01-02 06:00:00+00\")","[\"2024-02-13 10:00:00+00\",\"2024-03-28 20:00:00+00\")","[\"2024-03-25 00:00:00+00\",\"2024-06-18 00:00:00+00\")","[\"2024-05-05 03:00:00+00\",\"2024-09-08 06:00:00+00\")","[\"2024-06-15 15:00:00+00\",\"2024-11-30 06:00:00+00\")"}'::text
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'plain',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '9'::integer,
	'n_distinct', '0'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'point',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '16'::integer,
	'n_distinct', '0'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'price',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '6'::integer,
	'n_distinct', '-0.12475'::real,
	'histogram_bounds', '{0.00,18.14,35.71,54.14,71.29}'::text,
	'correlation', '0.10787947'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'ratio',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '8'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{-0.9999902065507035,-0.7211630200865586,0.026249815560681358,0.7273080284808873,0.999990471552965}'::text,
	'correlation', '0.0031320162'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'share',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '101'::real,
	'most_common_vals', '{83}'::text,
	'most_common_freqs', '{0.0175}'::real[],
	'histogram_bounds', '{0,24,49,73,100}'::text,
	'correlation', '0.021460703'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'small',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '2'::integer,
	'n_distinct', '7'::real,
	'histogram_bounds', '{0,1,3,5,6}'::text,
	'correlation', '0.125681'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'sort_key',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '33'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{0004d0b59e19461ff126e3a08a814c33,3f53d7190148675e3cd472fc826828c5,8065d07da4a77621450aa84fee5656d9,c3992e9a68c5ae12bd18488bc579b30d,ffeabd223de0d4eacb9a3e6e53e5448d}'::text,
	'correlation', '-0.0065259836'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'span',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '13'::integer,
	'n_distinct', '-1'::real,
	'range_length_histogram', '{1,5,9,13,17}'::text,
	'range_empty_frac', '0.0875'::real,
	'range_bounds_histogram', '{"[3,7)","[242,252)","[497,503)","[753,763)","[999,1008)"}'::text
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'spans',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '33'::integer,
	'n_distinct', '-1'::real,
	'range_length_histogram', '{60,60,60,60,60}'::text,
	'range_empty_frac', '0'::real,
	'range_bounds_histogram', '{"[0,60)","[26,86)","[51,111)","[75,135)","[99,159)"}'::text
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'tags',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '37'::integer,
	'n_distinct', '60'::real,
	'histogram_bounds', '{"{a0,b0}","{a1,b1}","{a2,b10}","{a2,b6}","{a3,b7}"}'::text,
	'correlation', '0.03482265'::real,
	'most_common_elems', '{a0,a1,a2,a3,b0,b10,b11,b12,b13,b15,b16,b17,b18,b19,b20,b21,b23,b26,b29,b3,b30,b31,b32,b33,b34,b37,b38,b4,b40,b41,b43,b45,b50,b54,b56,b57,b58,b59,b6,b9}'::text,
	'most_common_elem_freqs', '{0.24166666,0.2525,0.26083332,0.245,0.018333333,0.018333333,0.015833333,0.015833333,0.02,0.020833334,0.015833333,0.015833333,0.018333333,0.0225,0.018333333,0.015833333,0.016666668,0.018333333,0.0175,0.023333333,0.020833334,0.02,0.021666666,0.020833334,0.020833334,0.016666668,0.016666668,0.016666668,0.016666668,0.018333333,0.0175,0.019166667,0.016666668,0.020833334,0.018333333,0.016666668,0.016666668,0.023333333,0.019166667,0.02,0.015833333,0.26083332,0}'::real[],
	'elem_count_histogram', '{2,2,2,2,2}'::real[]
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'transaction',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '4'::real,
	'most_common_vals', '{5,4,6,3}'::text,
	'most_common_freqs', '{0.26083332,0.2525,0.245,0.24166666}'::real[]
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things',
	'attname', 'words',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '33'::integer,
	'n_distinct', '-1'::real,
	'most_common_elems', '{word0,word1,word2,word3,word4,word5,word6,word7,word8,word9,other0,other1,other2,other3,other4,other5,other6,word10,word11,word12,word13,word14,word15,word16,word17,word18,word19,word20,word21,word22,word23,word24,word25,word26,word27,word28,word29}'::text,
	'most_common_elem_freqs', '{0.039166667,0.035833333,0.034166668,0.044166666,0.0375,0.025,0.035,0.031666666,0.029166667,0.0325,0.15083334,0.13833334,0.15083334,0.1425,0.13916667,0.13416667,0.14416666,0.035,0.034166668,0.030833334,0.0375,0.030833334,0.04,0.030833334,0.029166667,0.033333335,0.036666665,0.035,0.026666667,0.031666666,0.029166667,0.031666666,0.026666667,0.036666665,0.0275,0.031666666,0.04083333,0.025,0.15083334}'::real[]
);


--
-- Name: animals animals_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.animals
    ADD CONSTRAINT animals_pkey PRIMARY KEY (id);


--
-- Name: events_kind; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_kind ON ONLY public.events USING btree (kind, at);


--
-- Name: events_new_kind_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_new_kind_at_idx ON public.events_new USING btree (kind, at);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id, at);


--
-- Name: events_new events_new_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_new
    ADD CONSTRAINT events_new_pkey PRIMARY KEY (id, at);


--
-- Name: events_old_kind_at_idx; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX events_old_kind_at_idx ON public.events_old USING btree (kind, at);


--
-- Name: events_old events_old_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events_old
    ADD CONSTRAINT events_old_pkey PRIMARY KEY (id, at);


--
-- Name: things_labels; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX things_labels ON public.things USING gin (((labels || 'x'::text)));


--
-- Name: things_lower; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX things_lower ON public.things USING btree (lower((name)::text), (((share)::integer * 2)));


--
-- Name: things_made; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX things_made ON public.things USING btree (made) WHERE flag;


--
-- Name: things_name; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX things_name ON public.things USING btree (name, price);


--
-- Name: things things_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.things
    ADD CONSTRAINT things_pkey PRIMARY KEY (id);


--
-- Name: things_span; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX things_span ON public.things USING gist (span, int4range((small)::integer, (small + 5)));


--
-- Name: things_words; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX things_words ON public.things USING gin (to_tsvector('simple'::regconfig, (name)::text));


--
-- Name: events_new_kind_at_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_kind ATTACH PARTITION public.events_new_kind_at_idx;


--
-- Name: events_new_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_new_pkey;


--
-- Name: events_old_kind_at_idx; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_kind ATTACH PARTITION public.events_old_kind_at_idx;


--
-- Name: events_old_pkey; Type: INDEX ATTACH; Schema: public; Owner: -
--

ALTER INDEX public.events_pkey ATTACH PARTITION public.events_old_pkey;


--
-- Statistics for Name: animals_pkey; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'animals_pkey',
	'relpages', '4'::integer,
	'reltuples', '500'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: events_kind; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_kind',
	'relpages', '0'::integer,
	'reltuples', '0'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: events_new_kind_at_idx; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_new_kind_at_idx',
	'relpages', '14'::integer,
	'reltuples', '3078'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: events_new_pkey; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_new_pkey',
	'relpages', '14'::integer,
	'reltuples', '3078'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: events_old_kind_at_idx; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_old_kind_at_idx',
	'relpages', '14'::integer,
	'reltuples', '2922'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: events_old_pkey; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_old_pkey',
	'relpages', '14'::integer,
	'reltuples', '2922'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: events_pkey; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'events_pkey',
	'relpages', '0'::integer,
	'reltuples', '0'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: things_labels; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_labels',
	'relpages', '43'::integer,
	'reltuples', '4000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_labels',
	'attnum', '1'::smallint,
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '72'::integer,
	'n_distinct', '50'::real,
	'histogram_bounds', '{"{\"tag 0\",\"quoted \\\"0\\\" \\\\ and, comma\",x}","{\"tag 1\",\"quoted \\\"16\\\" \\\\ and, comma\",x}","{\"tag 2\",\"quoted \\\"32\\\" \\\\ and, comma\",x}","{\"tag 3\",\"quoted \\\"43\\\" \\\\ and, comma\",x}","{\"tag 4\",\"quoted \\\"9\\\" \\\\ and, comma\",x}"}'::text,
	'correlation', '0.057671547'::real,
	'most_common_elems', '{"quoted \"1\" \\ and, comma","quoted \"10\" \\ and, comma","quoted \"13\" \\ and, comma","quoted \"14\" \\ and, comma","quoted \"15\" \\ and, comma","quoted \"16\" \\ and, comma","quoted \"18\" \\ and, comma","quoted \"19\" \\ and, comma","quoted \"2\" \\ and, comma","quoted \"20\" \\ and, comma","quoted \"22\" \\ and, comma","quoted \"23\" \\ and, comma","quoted \"25\" \\ and, comma","quoted \"26\" \\ and, comma","quoted \"27\" \\ and, comma","quoted \"29\" \\ and, comma","quoted \"30\" \\ and, comma","quoted \"31\" \\ and, comma","quoted \"32\" \\ and, comma","quoted \"33\" \\ and, comma","quoted \"34\" \\ and, comma","quoted \"36\" \\ and, comma","quoted \"37\" \\ and, comma","quoted \"39\" \\ and, comma","quoted \"4\" \\ and, comma","quoted \"40\" \\ and, comma","quoted \"41\" \\ and, comma","quoted \"42\" \\ and, comma","quoted \"43\" \\ and, comma","quoted \"46\" \\ and, comma","quoted \"48\" \\ and, comma","quoted \"49\" \\ and, comma","quoted \"6\" \\ and, comma","quoted \"9\" \\ and, comma","tag 0","tag 1","tag 2","tag 3","tag 4",x}'::text,
	'most_common_elem_freqs', '{0.021666666,0.02,0.025,0.018333333,0.02,0.018333333,0.020833334,0.0225,0.018333333,0.0225,0.018333333,0.025833333,0.02,0.025,0.0225,0.020833334,0.026666667,0.018333333,0.025,0.020833334,0.025,0.018333333,0.019166667,0.0225,0.021666666,0.024166666,0.021666666,0.018333333,0.021666666,0.018333333,0.021666666,0.024166666,0.0225,0.02,0.20083334,0.19916667,0.185,0.205,0.21,1,0.018333333,1,0}'::real[],
	'elem_count_histogram', '{3,3,3,3,3}'::real[]
);


--
-- Statistics for Name: things_lower; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_lower',
	'relpages', '23'::integer,
	'reltuples', '4000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_lower',
	'attnum', '2'::smallint,
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '101'::real,
	'most_common_vals', '{166}'::text,
	'most_common_freqs', '{0.0175}'::real[],
	'histogram_bounds', '{0,48,98,146,200}'::text,
	'correlation', '0.021460703'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_lower',
	'attnum', '1'::smallint,
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '11'::integer,
	'n_distinct', '-0.21975'::real,
	'histogram_bounds', '{"name 0","name 288","name 470","name 699","name 99"}'::text,
	'correlation', '0.025064845'::real
);


--
-- Statistics for Name: things_made; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_made',
	'relpages', '5'::integer,
	'reltuples', '804'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: things_name; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_name',
	'relpages', '23'::integer,
	'reltuples', '4000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: things_pkey; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_pkey',
	'relpages', '13'::integer,
	'reltuples', '4000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: things_span; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_span',
	'relpages', '33'::integer,
	'reltuples', '4000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_span',
	'attnum', '2'::smallint,
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '17'::integer,
	'n_distinct', '-1'::real,
	'range_length_histogram', '{5,5,5,5,5}'::text,
	'range_empty_frac', '0'::real,
	'range_bounds_histogram', '{"[0,5)","[1,6)","[3,8)","[5,10)","[6,11)"}'::text
);


--
-- Statistics for Name: things_words; Type: STATISTICS DATA; Schema: public; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_words',
	'relpages', '22'::integer,
	'reltuples', '4000'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'public',
	'relname', 'things_words',
	'attnum', '1'::smallint,
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '31'::integer,
	'n_distinct', '-1'::real,
	'most_common_elems', '{13,14,30,32,57,86,126,135,284,290,338,361,370,732,834,name}'::text,
	'most_common_elem_freqs', '{0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.0033333334,0.004166667,0.0033333334,0.0033333334,1,0.0033333334,1}'::real[]
);


--
-- PostgreSQL database dump complete
--


