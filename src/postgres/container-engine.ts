import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import type { StartedTestContainer } from 'testcontainers';
import { PlanGuardError } from '../errors.js';
import { PAGE_SIZE, visibilityMap } from './btree.js';
import { initdbAttempts, isUnknownLocale, serverSettings } from './cluster.js';
import { Connection, type ServedDatabase, servedBy } from './connection.js';
import { OWN_SERVER } from './driver.js';
import { type ClusterOptions, dropTemplates, type Engine, type Lent, type Opening, using } from './engine.js';
import { type InflatedRelation, isPlanted, segmentsOf, treeOf, visibilityMapOf } from './inflate.js';
import { lendServer } from './lend.js';
import { asExpected } from './prepared-directory.js';
import { host, isAlive } from './processes.js';

export interface ContainerRequest {
  readonly version: number | undefined;
  readonly image: string | undefined;
}

/** Tells whose a container is, so that the next run can remove what a killed one left. */
const LABEL = 'plan-guard.owner';
/** Seconds after which a container that nobody stopped ends by itself. */
const LIFETIME = 3600;
/** Ports of the container's servers: as many can run at once. */
const PORTS = [5432, 5433, 5434, 5435] as const;
const HOME = '/tmp/plan-guard';
const STARTUP_PATIENCE = 60_000;

/** How the API of the container engine is reached (`docker-modem`). */
interface Api {
  readonly socketPath?: string;
  readonly host?: string;
  readonly port?: number | string;
  readonly protocol?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A server in a container, on data directories inside of it that end with it. */
export class ContainerEngine implements Engine {
  readonly name: string;
  readonly identity: string;
  readonly parallel = false;
  readonly #container: StartedTestContainer;
  readonly #major: number;
  readonly #password: string;
  readonly #removeNow: () => void;
  readonly #ports = new Set<number>(PORTS);
  readonly #clusters = new Map<string, string>();
  #directories = 0;

  private constructor(
    image: string,
    container: StartedTestContainer,
    major: number,
    password: string,
    removeNow: () => void,
  ) {
    this.name = `container ${image}`;
    this.identity = this.name;
    this.#container = container;
    this.#major = major;
    this.#password = password;
    this.#removeNow = removeNow;
  }

  /** @throws {PlanGuardError} `engine` where there is no container engine, or the image cannot be had or is of another major */
  static async create({ version, image: stated }: ContainerRequest): Promise<ContainerEngine> {
    const image = stated ?? (process.env.PLAN_GUARD_CONTAINER_IMAGE || `postgres:${version ?? 18}`);
    const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers');
    const runtime = await getContainerRuntimeClient().catch((cause: unknown) => {
      throw new PlanGuardError('engine', 'There is no container engine.', {
        hint: 'Start Docker or Podman (DOCKER_HOST says where it listens), or take another engine in the suite file.',
        cause,
      });
    });
    const { dockerode } = runtime.container;
    const listed = await dockerode.listContainers({ all: true, filters: { label: [LABEL] } });
    const abandoned = listed.filter(({ Labels }) => isAbandoned(Labels[LABEL] ?? ''));
    for (const { Id } of abandoned) {
      await dockerode
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {});
    }
    const owner = `${host()} ${process.pid} ${randomBytes(6).toString('hex')}`;
    const removeNow = () => removeByLabel(dockerode.modem as Api, `${LABEL}=${owner}`);
    process.on('exit', removeNow);
    const password = randomBytes(18).toString('hex');
    let container: StartedTestContainer | undefined;
    try {
      container = await new GenericContainer(image)
        .withEntrypoint(['sleep'])
        .withCommand([String(LIFETIME)])
        .withLabels({ [LABEL]: owner })
        .withExposedPorts(...PORTS)
        .withAutoRemove(true)
        // Nothing listens yet: servers start later.
        .withWaitStrategy(Wait.forSuccessfulCommand('true'))
        .start();
      const { output, exitCode } = await container.exec(['postgres', '--version']);
      const major = Number(/\(PostgreSQL\) (\d+)/.exec(output)?.[1]);
      if (exitCode !== 0 || !(major > 0)) {
        throw new PlanGuardError('engine', `The image ${image} has no PostgreSQL server.`, {
          hint: 'Take an image that is made like the official one: postgres:15.',
        });
      }
      if (version !== undefined && major !== version) {
        throw new PlanGuardError('engine', `The image ${image} is PostgreSQL ${major}, not ${version}.`, {
          hint: 'Correct "version" or "image" in the suite file, or PLAN_GUARD_CONTAINER_IMAGE.',
        });
      }
      const engine = new ContainerEngine(image, container, major, password, removeNow);
      await engine.#run('mkdir', '-m', '700', HOME);
      return engine;
    } catch (error) {
      await container?.stop({ timeout: 0 }).catch(() => {});
      process.off('exit', removeNow);
      if (error instanceof PlanGuardError) throw error;
      throw new PlanGuardError('engine', `A container of the image ${image} cannot be started: ${messageOf(error)}`, {
        hint: 'Check the name of the image, and that the container engine can pull it.',
        cause: error,
      });
    }
  }

  async openPrepared<Opened>({ cluster, build, open }: Opening<Opened>): Promise<Opened> {
    try {
      const data = await this.#copyOfCluster(cluster);
      const { facts } = await build(data);
      // Directories end with the container.
      return await open({ data, facts, release: () => {}, discard: () => {} });
    } catch (error) {
      throw asExpected(this, error);
    }
  }

  async open(data: string, { locale }: ClusterOptions): Promise<ServedDatabase> {
    const [port] = this.#ports;
    if (port === undefined) throw new PlanGuardError('engine', 'Too many servers run in the container.');
    if ((await this.#tryToRun('test', '-e', `${data}/PG_VERSION`)).exitCode !== 0) await this.#initialise(data, locale);
    const settings = {
      ...serverSettings(this.#major),
      listen_addresses: '*',
      port: String(port),
      unix_socket_directories: HOME,
    };
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    this.#ports.delete(port);
    const stop = async () => {
      await this.#tryToRun('pg_ctl', '-D', data, '-m', 'fast', '-w', 'stop');
      this.#ports.add(port);
    };
    const log = `${data}.log`;
    const { exitCode } = await this.#tryToRun('pg_ctl', '-D', data, '-l', log, '-o', options.join(' '), '-w', 'start');
    if (exitCode !== 0) {
      this.#ports.add(port);
      const { output } = await this.#tryToRun('tail', '-n', '15', log);
      throw new PlanGuardError('engine', `The PostgreSQL server did not start:\n${output.trim()}`, {
        hint: "Read the server's message above.",
      });
    }
    try {
      return servedBy(await this.#connect(port), this.#addressOf(port), stop);
    } catch (error) {
      await stop();
      throw error;
    }
  }

  async lend(data: string, cluster: ClusterOptions): Promise<Lent> {
    return lendServer(await this.open(data, cluster));
  }

  async inflate(data: string, relations: readonly InflatedRelation[]): Promise<void> {
    const planted = relations.filter(isPlanted);
    const script: string[] = [];
    if (planted.length > 0) {
      const files = planted.map(({ path }) => `${data}/${path}`);
      await this.#copy(
        `${HOME}-heads.sh`,
        files.map((file) => `dd if=${file} bs=${PAGE_SIZE} count=1 2>/dev/null`).join('\n'),
      );
      const { output } = await this.#run('sh', '-c', `sh ${HOME}-heads.sh | base64`);
      const heads = Buffer.from(output, 'base64');
      const trees = planted.map((relation, index) =>
        treeOf(heads.subarray(index * PAGE_SIZE, (index + 1) * PAGE_SIZE), relation),
      );
      await this.#copy(`${HOME}-trees`, Buffer.concat(trees));
      let skip = 0;
      for (const [index, tree] of trees.entries()) {
        const count = tree.length / PAGE_SIZE;
        script.push(
          `dd if=${HOME}-trees of=${files[index]} bs=${PAGE_SIZE} skip=${skip} count=${count} conv=notrunc 2>/dev/null`,
        );
        skip += count;
      }
    }
    for (const { path, bytes } of relations.flatMap(segmentsOf)) script.push(`truncate -s ${bytes} ${data}/${path}`);
    const visible = relations.filter((relation) => relation.visible === true);
    if (visible.length > 0) await this.#copy(`${HOME}-visible`, Buffer.from(visibilityMap()));
    for (const relation of visible) script.push(`cp ${HOME}-visible ${data}/${visibilityMapOf(relation)}`);
    await this.#copy(`${HOME}-inflate.sh`, `set -e\n${script.join('\n')}\n`);
    await this.#run('sh', `${HOME}-inflate.sh`);
  }

  async close(): Promise<void> {
    await this.#container.stop({ timeout: 0 }).catch(() => {});
    process.off('exit', this.#removeNow);
  }

  async #copyOfCluster(cluster: ClusterOptions): Promise<string> {
    const { locale, onInitdb } = cluster;
    let empty = this.#clusters.get(locale);
    if (empty === undefined) {
      empty = this.#newDirectory();
      onInitdb?.();
      await using(this, empty, { locale, extensions: [] }, dropTemplates);
      this.#clusters.set(locale, empty);
    }
    const data = this.#newDirectory();
    await this.#run('cp', '-a', empty, data);
    return data;
  }

  #newDirectory(): string {
    this.#directories += 1;
    return `${HOME}/${this.#directories}`;
  }

  async #initialise(data: string, locale: string): Promise<void> {
    const password = `${data}.password`;
    await this.#run('sh', '-c', `printf %s ${this.#password} > ${password}`);
    const common = ['-D', data, '-U', 'postgres', '--encoding=UTF8', '--no-sync', '--auth-local=trust'];
    const auth = ['--auth-host=scram-sha-256', `--pwfile=${password}`];
    let output = '';
    for (const attempt of initdbAttempts(locale, this.#major)) {
      const result = await this.#tryToRun('initdb', ...common, ...auth, ...attempt);
      if (result.exitCode === 0) {
        await this.#run('sh', '-c', `echo 'host all all all scram-sha-256' >> ${data}/pg_hba.conf`);
        return;
      }
      output = result.output;
      if (!isUnknownLocale(output)) break;
    }
    throw new PlanGuardError(
      'engine',
      `PostgreSQL's initdb failed:\n${output.trim().split('\n').slice(-15).join('\n')}`,
      {
        hint: 'Read the message above.',
      },
    );
  }

  #addressOf(port: number): ClientConfig {
    const host = this.#container.getHost();
    const mapped = this.#container.getMappedPort(port);
    return { ...OWN_SERVER, host, port: mapped, user: 'postgres', database: 'postgres', password: this.#password };
  }

  /** The mapped port takes connections a moment before the server behind it does. */
  async #connect(port: number): Promise<Connection> {
    const address = this.#addressOf(port);
    for (const deadline = Date.now() + STARTUP_PATIENCE; ; ) {
      try {
        return await Connection.open(address);
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await sleep(50);
      }
    }
  }

  async #copy(target: string, content: string | Buffer): Promise<void> {
    await this.#container.copyContentToContainer([{ content, target, mode: 0o644 }]);
  }

  /** PostgreSQL refuses to run as root; every image has the account `postgres`. */
  #tryToRun(...command: string[]) {
    return this.#container.exec(command, { user: 'postgres' });
  }

  async #run(...command: string[]): Promise<{ readonly output: string }> {
    const result = await this.#tryToRun(...command);
    if (result.exitCode === 0) return result;
    throw new PlanGuardError('engine', `In the container, ${command[0]} failed: ${result.output.trim()}`, {
      hint: 'The image must be made like the official one of PostgreSQL.',
    });
  }
}

function isAbandoned(owner: string): boolean {
  const [where, pid] = owner.split(' ');
  return where === host() && !isAlive(Number(pid));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * Removes containers before this process ends, which leaves no time for promises: a process of its own asks the engine's
 * API. One that is just being made may appear a moment later.
 */
function removeByLabel({ socketPath, host: address, port, protocol, ca, cert, key }: Api, label: string): void {
  const target = socketPath ? { socketPath } : { host: address, port, ca, cert, key };
  const module = protocol === 'https' ? 'https' : 'http';
  const script = `
    const { request } = require('node:${module}');
    const { target, label } = JSON.parse(process.argv[1]);
    const ask = (method, path) => new Promise((resolve, reject) => {
      request({ ...target, method, path }, (answer) => {
        let text = '';
        answer.on('data', (part) => (text += part)).on('end', () => resolve(text));
      }).on('error', reject).end();
    });
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
    (async () => {
      for (const deadline = Date.now() + 3000; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 100))) {
        const found = JSON.parse(await ask('GET', '/containers/json?all=true&filters=' + filters));
        for (const { Id } of found) await ask('DELETE', '/containers/' + Id + '?force=true&v=true');
        if (found.length > 0) break;
      }
    })().catch(() => {});`;
  spawnSync(process.execPath, ['-e', script, JSON.stringify({ target, label })], { stdio: 'ignore', timeout: 10_000 });
}
