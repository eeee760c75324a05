import type { z } from 'zod';

/** Which end of a migration a database is. */
export type DatabaseSide = 'source' | 'target';

/**
 * One connection with UTF-8, UTC and an empty search path, without time-outs, and with row security raising an error
 * instead of hiding rows. Every failure is an AppError; one that PostgreSQL reported has `details.sqlstate`.
 */
export interface DatabaseSession {
  /** Runs one statement and parses every row. 64-bit integers and numerics arrive as strings. */
  query<T>(row: z.ZodType<T>, sql: string, values?: readonly unknown[]): Promise<T[]>;
  /** Runs one statement with values, or several without, and returns how many rows the last one touched. */
  execute(sql: string, values?: readonly unknown[]): Promise<number>;
  /** Ends the connection; safe to call twice. An open transaction is rolled back by the server. */
  close(): Promise<void>;
}

/** One database object as pg_dump prints it. */
export interface SchemaEntry {
  /** `TABLE public.orders`; unique in a dump. */
  readonly id: string;
  readonly name: string;
  /** pg_dump's word for the kind: `TABLE`, `FK CONSTRAINT`, `ACL`, … */
  readonly type: string;
  /** Absent for objects that live in no schema. */
  readonly schema?: string;
  /** Before the rows or after them: indexes, constraints, triggers and grants come after. */
  readonly section: 'pre-data' | 'post-data';
  readonly sql: string;
}

/** What read a schema in place of the built-in pg_dump, and why. */
export interface SchemaReader {
  /** `pg_dump 19.1 of this machine`. */
  readonly program: string;
  readonly reason: string;
}

export interface SchemaDump {
  readonly entries: SchemaEntry[];
  readonly by?: SchemaReader;
}

/** How a connection URL leads to a database. */
export type ConnectionKind = 'server' | 'supabase-direct' | 'supabase-session-pooler';

/** What is known of a project's room; each part only where there is somebody to ask. */
export interface ProjectLimits {
  /** Connections that the pooler opens to the database. */
  readonly poolSize?: number;
  readonly freeDiskBytes?: number;
}

export interface Database {
  readonly side: DatabaseSide;
  /** Whether the settings name it; a run of the users alone can do without the target's. */
  readonly configured: boolean;
  /** Asks nobody. Throws `SETTING_INVALID`, and `SUPABASE_TRANSACTION_POOLER` for what keeps no session. */
  kind(): ConnectionKind;
  /** Opens a connection of its own. When `signal` aborts, the running statement is cancelled and the connection ends. */
  open(signal: AbortSignal): Promise<DatabaseSession>;
  /** Opens a connection for as long as `work` runs. */
  use<T>(signal: AbortSignal, work: (session: DatabaseSession) => Promise<T>): Promise<T>;
  /** The whole schema without owners, in an order in which it can be applied. Throws `SCHEMA_DUMP_FAILED`. */
  dumpSchema(signal: AbortSignal): Promise<SchemaDump>;
}

export interface CopyRequest {
  readonly source: DatabaseSession;
  /** A `COPY … TO STDOUT`. */
  readonly copyOut: string;
  readonly target: DatabaseSession;
  /** A `COPY … FROM STDIN` of the same columns and format. */
  readonly copyIn: string;
  readonly signal: AbortSignal;
  /** Called with the absolute number of bytes carried. */
  onBytes(bytes: number): void;
}

/** Both databases of a migration. */
export interface DatabasePorts {
  readonly source: Database;
  readonly target: Database;
  /** Milliseconds for which a step makes dropped connections again before it fails. */
  readonly reconnectFor: number;
  /**
   * Carries rows from one connection to the other without holding them; returns rows and bytes. After a failure both
   * connections are closed. Throws `SOURCE_LOST` or `TARGET_LOST` for the side that went away.
   */
  copy(request: CopyRequest): Promise<{ rows: number; bytes: number }>;
  /** Ends every connection that is still open. */
  close(): Promise<void>;
}
