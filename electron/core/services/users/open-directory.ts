import type { LinkKind } from '#shared/model/users';
import { openAdminApi } from '../../adapters/supabase/admin-api';
import { projectUrl } from '../../adapters/supabase/auth-client';
import { openDatabasePorts } from '../../adapters/postgres/open';
import type { Settings } from '../../ports/settings';
import type { UserDirectory } from '../../ports/users';
import { openApiDirectory } from './api/directory';
import { openSqlDirectory, type SqlDirectory } from './sql/directory';

/** The way to the users, and what leads there. */
export interface OpenDirectory {
  directory: UserDirectory;
  /** Present when there is a database connection. */
  sql?: SqlDirectory;
  canSend: boolean;
  canLink: boolean;
  link: UserDirectory['link'];
  /** Absent without the secret key: only the service sends mails. */
  send?: (kind: LinkKind, email: string, signal: AbortSignal) => Promise<void>;
  close(): Promise<void>;
}

export interface DirectoryOptions {
  /** Milliseconds that one answer of the Auth service may take. */
  timeout?: number | undefined;
}

/**
 * The tables of the Auth service when there is a database connection, otherwise its admin API. Links and mails are the service's business
 * wherever its key is there. Throws `SETTING_MISSING` when neither way is set up.
 */
export function openDirectory(settings: Settings, options: DirectoryOptions = {}): OpenDirectory {
  const keyed =
    settings.get('SUPABASE_URL') !== undefined && settings.get('SUPABASE_SECRET_KEY') !== undefined;
  const api = keyed ? openAdminApi(settings, options) : undefined;
  const byApi = api === undefined ? undefined : openApiDirectory(api);
  const send: OpenDirectory['send'] =
    api === undefined ? undefined : (kind, email, signal) => api.sendMail(kind, email, signal);
  if (settings.get('SUPABASE_DB_URL') === undefined) {
    if (byApi === undefined) {
      settings.require('SUPABASE_URL');
      settings.require('SUPABASE_SECRET_KEY');
    }
    const directory = byApi ?? openApiDirectory(openAdminApi(settings, options));
    return {
      directory,
      canSend: true,
      canLink: true,
      link: (request, signal) => directory.link(request, signal),
      ...(send === undefined ? {} : { send }),
      close: () => directory.close(),
    };
  }
  const ports = openDatabasePorts(settings);
  const url = settings.get('SUPABASE_URL') === undefined ? undefined : projectUrl(settings);
  const sql = openSqlDirectory(ports.target, url);
  const links = byApi ?? sql;
  return {
    directory: sql,
    sql,
    canSend: send !== undefined,
    canLink: url !== undefined,
    link: (request, signal) => links.link(request, signal),
    ...(send === undefined ? {} : { send }),
    close: async () => {
      await sql.close();
      await ports.close();
    },
  };
}

const relevant = ['SUPABASE_DB_URL', 'SUPABASE_URL', 'SUPABASE_SECRET_KEY'] as const;

/** Opens the directory once, and anew when the settings that lead to it are others. */
export function keepDirectory(
  settings: () => Promise<Settings>,
  options: DirectoryOptions = {},
): {
  open: () => Promise<OpenDirectory>;
  close: () => Promise<void>;
} {
  let kept: { key: string; opened: OpenDirectory } | undefined;
  return {
    open: async () => {
      const now = await settings();
      const key = JSON.stringify(relevant.map((name) => now.get(name) ?? null));
      if (kept?.key === key) return kept.opened;
      const opened = openDirectory(now, options);
      const before = kept;
      kept = { key, opened };
      await before?.opened.close();
      return opened;
    },
    close: async () => {
      await kept?.opened.close();
      kept = undefined;
    },
  };
}
