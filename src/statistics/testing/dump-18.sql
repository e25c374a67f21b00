--
-- PostgreSQL database dump
--

\restrict hTq0tHk2Wzq8bXl1

-- Dumped from database version 18.4 (Debian 18.4-1.pgdg12+1)
-- Dumped by pg_dump version 18.4 (Debian 18.4-1.pgdg12+1)

SET statement_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);

--
-- Name: orders; Type: TABLE; Schema: shop; Owner: -
--

CREATE TABLE shop.orders (
    id integer NOT NULL,
    "Weird ""Name" text DEFAULT 'a;b'::text,
    tags text[],
    span int4range
);

CREATE TABLE shop.fresh (
    id integer NOT NULL
);

CREATE TABLE shop.events (
    id integer
)
PARTITION BY RANGE (id);

--
-- Statistics for Name: events; Type: STATISTICS DATA; Schema: shop; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'events',
	'relpages', '-1'::integer,
	'reltuples', '700'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'events',
	'attname', 'id',
	'inherited', 't'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{1,350,700}'::text,
	'correlation', '1'::real
);


--
-- Statistics for Name: fresh; Type: STATISTICS DATA; Schema: shop; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'fresh',
	'relpages', '0'::integer,
	'reltuples', '-1'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- Statistics for Name: orders; Type: STATISTICS DATA; Schema: shop; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders',
	'relpages', '1234'::integer,
	'reltuples', '1.5e+06'::real,
	'relallvisible', '1200'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders',
	'attname', 'Weird "Name',
	'inherited', 'f'::boolean,
	'null_frac', '0.125'::real,
	'avg_width', '7'::integer,
	'n_distinct', '7'::real,
	'most_common_vals', '{"NULL","","a,b","say \"hi\"","back\\slash","{brace}","it''s;
two lines",plain}'::text,
	'most_common_freqs', '{0.2,0.1,0.1,0.1,0.1,0.1,0.1,1e-05}'::real[],
	'histogram_bounds', '{"-- no comment","/* nor this","pg_restore_relation_stats("}'::text,
	'correlation', '-0.045982968'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders',
	'attname', 'span',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '14'::integer,
	'n_distinct', '-1'::real,
	'range_length_histogram', '{1,4}'::text,
	'range_empty_frac', '0.5'::real,
	'range_bounds_histogram', '{"[1,2)","[8,12)"}'::text
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders',
	'attname', 'tags',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '30'::integer,
	'n_distinct', '2'::real,
	'most_common_vals', '{"{a,b}","{\"c d\"}"}'::text,
	'most_common_freqs', '{0.5,0.5}'::real[],
	'most_common_elems', '{a,b,"c d"}'::text,
	'most_common_elem_freqs', '{0.5,0.5,0.5,0.5,0.5,0}'::real[],
	'elem_count_histogram', '{1,2,1.5}'::real[]
);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: shop; Owner: -
--

ALTER TABLE ONLY shop.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);

CREATE INDEX orders_expr ON shop.orders USING btree (id, lower("Weird ""Name"), ((id % 10)), ((id + 1)), (("Weird ""Name")::text));

--
-- Statistics for Name: orders_expr; Type: STATISTICS DATA; Schema: shop; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders_expr',
	'relpages', '300'::integer,
	'reltuples', '1.5e+06'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders_expr',
	'attnum', '2'::smallint,
	'inherited', 'f'::boolean,
	'null_frac', '0.125'::real,
	'avg_width', '7'::integer,
	'n_distinct', '7'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders_expr',
	'attnum', '4'::smallint,
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-1'::real
);


--
-- Statistics for Name: orders_pkey; Type: STATISTICS DATA; Schema: shop; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180004'::integer,
	'schemaname', 'shop',
	'relname', 'orders_pkey',
	'relpages', '400'::integer,
	'reltuples', '1.5e+06'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- PostgreSQL database dump complete
--

\unrestrict hTq0tHk2Wzq8bXl1

