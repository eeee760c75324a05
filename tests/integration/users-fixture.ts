import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createUsersService, type UsersService } from '#core/services/users/users-service';
import { keepDirectory } from '#core/services/users/open-directory';
import type { NewActivity } from '#shared/model/activity';
import type { SettingName } from '#shared/model/settings';
import { startManagedPostgres, type ManagedPostgres } from '../../practice/postgres/managed-postgres';
import { startSupabaseServer, type SupabaseServer } from '../../practice/supabase-server';
import { settingsOf } from './database-fixture';

/**
 * What the Auth service is made to answer instead: a status, nothing at all, nothing after it has done what was asked, nothing for ever, or
 * nothing until nobody waits any more, when it does what was asked all the same.
 */
export type Trouble =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | 'cut'
  | 'cut-after'
  | 'hang'
  | 'late';

/** A way to the Auth service on which a test can make trouble. */
export interface TroubledGateway {
  url: string;
  /** Asked for each request; undefined lets it through. */
  trouble: (method: string, path: string) => Trouble | undefined;
  /** Resolves when what was forwarded has been answered. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(request, 'end');
  return Buffer.concat(chunks);
}

/** A gateway in front of the project at `target`. */
export async function startGateway(target: string): Promise<TroubledGateway> {
  const forwarded = new Set<Promise<void>>();
  const gateway: TroubledGateway = {
    url: '',
    trouble: () => undefined,
    settled: async () => {
      await Promise.allSettled(forwarded);
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const text = await readBody(request);
    const path = request.url ?? '/';
    const method = request.method ?? 'GET';
    const trouble = gateway.trouble(method, path);
    if (trouble === 'hang') return;
    if (trouble === 'late') await once(request.socket, 'close');
    if (trouble === 'cut') {
      request.socket.destroy();
      return;
    }
    if (typeof trouble === 'object') {
      response.writeHead(trouble.status, { 'content-type': 'application/json', ...trouble.headers });
      response.end(JSON.stringify(trouble.body ?? {}));
      return;
    }
    const headers = new Headers();
    for (const name of ['apikey', 'authorization', 'content-type', 'user-agent']) {
      const value = request.headers[name];
      if (typeof value === 'string') headers.set(name, value);
    }
    const answer = await fetch(`${target}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(text.length === 0 ? {} : { body: new Uint8Array(text) }),
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (trouble === 'cut-after' || trouble === 'late') {
      request.socket.destroy();
      return;
    }
    const total = answer.headers.get('x-total-count');
    response.writeHead(answer.status, {
      'content-type': 'application/json',
      ...(total === null ? {} : { 'x-total-count': total }),
    });
    response.end(body);
  };
  const server = createServer((request, response) => {
    const answered = handle(request, response).catch(() => {
      response.destroy();
    });
    forwarded.add(answered);
    void answered.finally(() => forwarded.delete(answered));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  gateway.url = `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}`;
  return gateway;
}

/** A project with both ways to its users. */
export interface UsersProject {
  managed: ManagedPostgres;
  supabase: SupabaseServer;
  gateway: TroubledGateway;
  /**
   * `sql`: both ways are set up; `api`: the secret key only; `database`: the database only. `url`, `databaseUrl`: ways other than the usual
   * ones; `timeout`: milliseconds that the service may take to answer.
   */
  open(
    way: 'sql' | 'api' | 'database',
    options?: { url?: string; databaseUrl?: string; timeout?: number },
  ): { users: UsersService; acts: NewActivity[] };
  close(): Promise<void>;
}

export async function startUsersProject(): Promise<UsersProject> {
  const managed = await startManagedPostgres();
  const supabase = await startSupabaseServer({
    authUrl: managed.authUrl,
    restUrl: managed.restUrl,
    rateLimits: false,
  });
  const gateway = await startGateway(supabase.url);
  const opened: UsersService[] = [];
  return {
    managed,
    supabase,
    gateway,
    open: (way, options = {}) => {
      const acts: NewActivity[] = [];
      const values: Partial<Record<SettingName, string>> = {
        SUPABASE_URL: options.url ?? gateway.url,
        ...(way === 'api' ? {} : { SUPABASE_DB_URL: options.databaseUrl ?? managed.url }),
        ...(way === 'database' ? {} : { SUPABASE_SECRET_KEY: supabase.secretKey }),
      };
      const kept = keepDirectory(() => Promise.resolve(settingsOf(values)), { timeout: options.timeout });
      const users = createUsersService({
        ...kept,
        activity: {
          record: (entry) => {
            acts.push(entry);
            return Promise.resolve();
          },
        },
      });
      opened.push(users);
      return { users, acts };
    },
    close: async () => {
      await Promise.all(opened.map((users) => users.close()));
      await gateway.close();
      await supabase.close();
      await managed.stop();
    },
  };
}
