import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type DeployStatus, deployStatusSchema } from '#shared/model/deploy';
import { type CliResult, finished, runCli, spawnCli } from '../../support/cli';
import { newWorkspace } from '../../support/workspace';
import { type DockerHost, importImages, startDockerHost } from '../docker-host';

/** Given to the containers, and to be found nowhere else. */
export const plantedSecret = 'planted$ecret"#with signs';

export interface ReleaseStage {
  host: DockerHost;
  stack: string;
  /** Of the release's files. */
  folder: string;
  workspace: string;
  /** `cutover deploy …` in a workspace of its own. */
  cli(...command: string[]): Promise<CliResult>;
  /** Writes the files of a release of one service. `more` stands below it, four spaces in. */
  write(image: string, more?: string): Promise<void>;
  apply(...more: string[]): Promise<CliResult>;
  /** Runs a command and cuts the connections once it has printed this; gives what came of it. */
  cutAt(mark: string, ...command: string[]): Promise<CliResult>;
  /** Throws with what was printed when the command fails. */
  status(): Promise<DeployStatus>;
  close(): Promise<void>;
}

/** A Docker host behind SSH, with images of two good versions and a broken one. */
export async function startReleaseStage(stack: string): Promise<ReleaseStage> {
  const host = await startDockerHost(stack);
  const workspace = await newWorkspace('Releases');
  const folder = await mkdtemp(path.join(tmpdir(), 'cutover-release-'));
  const serve = 'CMD ["/node", "/server.js"]';
  await importImages(host, {
    'shop/web:1': ['ENV VERSION=1', serve],
    'shop/web:2': ['ENV VERSION=2', serve],
    'shop/web:broken': ['ENV VERSION=broken', 'ENV BROKEN=1', serve],
    'shop/proxy:1': ['CMD ["/node", "/proxy.js"]'],
  });
  const line = (command: string[]) => ['deploy', ...command, '--workspace', workspace, '--json'];
  const cli = (...command: string[]) => runCli(line(command), host.env);
  const applying = (more: string[]) => ['apply', '--dir', folder, '--yes', '--limit', '240', ...more];
  return {
    host,
    stack,
    folder,
    workspace,
    cli,
    write: async (image, more = '') => {
      await mkdir(folder, { recursive: true });
      await writeFile(
        path.join(folder, '.env.production'),
        `WEB_IMAGE=${image}\nGREETING_SECRET='${plantedSecret}'\n`,
      );
      await writeFile(path.join(folder, 'docker-compose.prod.yml'), composeFile(more));
    },
    apply: (...more) => cli(...applying(more)),
    cutAt: async (mark, ...command) => {
      const child = spawnCli(line(command[0] === 'apply' ? applying(command.slice(1)) : command), host.env);
      const ended = finished(child);
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          if (chunk.toString().includes(mark)) resolve();
        });
        child.once('close', () => resolve());
      });
      await host.cutSsh();
      return ended;
    },
    status: async () => {
      const result = await cli('status');
      if (result.code !== 0) throw new Error(result.stdout + result.stderr);
      return deployStatusSchema.parse(JSON.parse(result.stdout));
    },
    close: async () => {
      await host.close();
      await rm(folder, { recursive: true, force: true });
      await rm(workspace, { recursive: true, force: true });
    },
  };
}

const composeFile = (more: string): string => `
services:
  web:
    image: \${WEB_IMAGE}
    env_file: .env.production
    stop_grace_period: 30s
    networks: [edge]
    healthcheck:
      test: ["CMD", "/busybox", "wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/health"]
      interval: 1s
      timeout: 20s
      retries: 4
      start_period: 5s
    deploy:
      replicas: 2
      endpoint_mode: dnsrr
      update_config: { order: start-first, parallelism: 1, failure_action: rollback, monitor: 5s }
      rollback_config: { order: start-first }
      restart_policy: { condition: any, delay: 1s }
${more}
networks:
  edge: { external: true }
`;

export interface Load<T> {
  result: T;
  asked: number;
  perSecond: number;
  failed: string[];
  versions: Set<string>;
}

/** Fifty requests a second, each over a new connection, for as long as `body` takes. */
export async function underLoad<T>(address: string, body: () => Promise<T>): Promise<Load<T>> {
  const failed: string[] = [];
  const versions = new Set<string>();
  let asked = 0;
  const ended = new AbortController();
  const dispatcher = new Agent({ pipelining: 0, connections: null });
  const one = async () => {
    asked += 1;
    try {
      const answer = await request(address, { dispatcher, headersTimeout: 20_000 });
      const text = await answer.body.text();
      if (answer.statusCode === 200) versions.add(text.split(' ')[0] ?? '');
      else failed.push(String(answer.statusCode));
    } catch (error) {
      failed.push(String(error));
    }
  };
  const running = new Set<Promise<void>>();
  const began = performance.now();
  const load = (async () => {
    for (let next = began; !ended.signal.aborted; next += 20) {
      // By the clock and not after a pause: a machine that was busy for a moment catches up.
      await delay(Math.max(0, next - performance.now()));
      const pending = one().finally(() => running.delete(pending));
      running.add(pending);
    }
    await Promise.all(running);
  })();
  try {
    const result = await body();
    const perSecond = asked / ((performance.now() - began) / 1000);
    return { result, asked, perSecond, failed, versions };
  } finally {
    ended.abort();
    await load;
    await dispatcher.close();
  }
}
