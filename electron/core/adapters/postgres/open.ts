import { AppError } from '#shared/model/errors';
import type { Database, DatabasePorts, DatabaseSession, DatabaseSide } from '../../ports/database';
import type { Settings } from '../../ports/settings';
import { connectionKind, parseConnectionUrl, urlSetting } from './connection-config';
import { copyRows } from './copy';
import type { SourceContainers } from './dump-in-container';
import { parsePgDumpChoice } from './dump-native';
import { dumpSchema } from './dump-schema';
import type { Patience } from './client';
import { openSession, type PgSession } from './session';

/** Seconds for which a dropped connection is made again before a run stops. */
const defaultReconnect = 60;

/** `CUTOVER_RECONNECT_SECONDS`, where somebody set it. */
function reconnectSeconds(): number {
  const value = process.env.CUTOVER_RECONNECT_SECONDS ?? '';
  return /^\d{1,5}$/.test(value) ? Number(value) : defaultReconnect;
}

/** The databases that the settings name. Nothing is opened or parsed before it is needed. `containers`: where the source may run. */
export function openDatabasePorts(
  settings: Settings,
  patience?: Patience,
  containers?: SourceContainers,
): DatabasePorts {
  const sessions = new Set<PgSession>();
  const own = (session: DatabaseSession): PgSession => {
    for (const candidate of sessions) if (candidate === session) return candidate;
    throw new AppError('INTERNAL', 'A database session was used after it was closed, or with other ports.');
  };

  function database(side: DatabaseSide): Database {
    const config = () => parseConnectionUrl(side, settings.require(urlSetting[side]));
    const open = async (signal: AbortSignal): Promise<DatabaseSession> => {
      const opened = await openSession(config(), signal, patience);
      const session: PgSession = {
        ...opened,
        async close() {
          sessions.delete(session);
          await opened.close();
        },
      };
      sessions.add(session);
      return session;
    };
    return {
      side,
      get configured() {
        return settings.get(urlSetting[side]) !== undefined;
      },
      kind: () => connectionKind(config()),
      open,
      async use(signal, work) {
        const session = await open(signal);
        try {
          return await work(session);
        } finally {
          await session.close();
        }
      },
      dumpSchema: (signal) =>
        dumpSchema(config(), signal, patience, {
          by: side === 'source' ? parsePgDumpChoice(settings.get('SOURCE_PG_DUMP')) : { kind: 'built-in' },
          containers,
        }),
    };
  }

  return {
    source: database('source'),
    target: database('target'),
    reconnectFor: reconnectSeconds() * 1000,
    copy: (request) => copyRows(own(request.source), own(request.target), request),
    async close() {
      await Promise.all([...sessions].map((session) => session.close()));
    },
  };
}
