import { z } from 'zod';

/**
 * Every situation that Cutover can report. A code names what the operator faces, not what a library threw;
 * the page holds an exhaustive map from code to remedy.
 */
export const errorCodes = [
  // use
  'INVALID_INPUT',
  'SETTING_MISSING',
  'SETTING_INVALID',
  'NOT_FOUND',
  'CANCELLED',
  'TIMED_OUT',
  'INTERNAL',
  'CONNECTION_LOST',
  // workspace and secrets
  'WORKSPACE_NOT_OPEN',
  'WORKSPACE_NOT_FOUND',
  'WORKSPACE_UNREADABLE',
  'WORKSPACE_EXISTS',
  'SECRETS_LOCKED',
  'SECRETS_PASSPHRASE_WRONG',
  'SECRETS_STORE_UNAVAILABLE',
  'DISK_FULL_LOCAL',
  // the four ends, whatever the service
  'HOST_NOT_FOUND',
  'HOST_UNREACHABLE',
  'CONNECTION_REFUSED',
  'TLS_UNTRUSTED',
  // databases
  'DATABASE_AUTH_FAILED',
  'DATABASE_NOT_FOUND',
  'DATABASE_PERMISSION_DENIED',
  'DATABASE_TOO_MANY_CONNECTIONS',
  'DATABASE_VERSION_UNSUPPORTED',
  'DATABASE_SHUTTING_DOWN',
  'DATABASE_STATEMENT_FAILED',
  'SOURCE_LOST',
  'TARGET_LOST',
  'TARGET_NOT_EMPTY',
  'TARGET_DISK_FULL',
  'TARGET_READ_ONLY',
  'SUPABASE_DIRECT_HOST_NEEDS_IPV6',
  'SUPABASE_TRANSACTION_POOLER',
  'SCHEMA_DUMP_FAILED',
  'SCHEMA_ENTRY_FAILED',
  // users
  'SUPABASE_KEY_REFUSED',
  'SUPABASE_AUTH_UNAVAILABLE',
  'USERS_TABLE_NOT_FOUND',
  'USERS_MAPPING_INVALID',
  'USERS_CONFLICT',
  'USERS_PATH_LIMIT',
  'USER_EXISTS',
  'USER_REFUSED',
  'USER_CHANGED',
  'USER_DELETE_BLOCKED',
  'USER_OUTCOME_UNKNOWN',
  'SUPABASE_AUTH_THROTTLED',
  // objects
  'OBJECTS_AUTH_FAILED',
  'OBJECTS_PERMISSION_DENIED',
  'OBJECTS_BUCKET_NOT_FOUND',
  'OBJECTS_BUCKET_NAME_REFUSED',
  'OBJECTS_CHANGED_DURING_COPY',
  'OBJECTS_DAMAGED',
  'OBJECTS_THROTTLED',
  'OBJECTS_FAILED',
  'OBJECTS_QUOTA_EXCEEDED',
  // ssh
  'SSH_HOST_KEY_CHANGED',
  'SSH_HOST_KEY_UNKNOWN',
  'SSH_AUTH_FAILED',
  'SSH_KEY_UNREADABLE',
  'SSH_FAILED',
  'SSH_FORWARDING_REFUSED',
  // docker and releases
  'DOCKER_UNAVAILABLE',
  'DOCKER_PERMISSION_DENIED',
  'DOCKER_FAILED',
  'HOST_COMMAND_FAILED',
  'HOST_DISK_FULL',
  'SWARM_INACTIVE',
  'COMPOSE_INVALID',
  'IMAGE_NOT_FOUND',
  'REGISTRY_AUTH_FAILED',
  'PORT_TAKEN',
  'RELEASE_LOCKED',
  'RELEASE_NOT_FOUND',
  'RELEASE_FAILED',
  'RELEASE_ROLLED_BACK',
  'RELEASE_UNREACHABLE',
  'EASYPANEL_UNAVAILABLE',
  'EASYPANEL_TOKEN_REFUSED',
  'EASYPANEL_FAILED',
  // alerts and load
  'ALERT_REFUSED',
  'LOAD_NEEDS_CONSENT',
  'LOAD_ROUTE_FAILS',
  'LOAD_RUNNING',
  // runs
  'PLAN_CHANGED',
  'RUN_LOCKED',
  'RUN_NOT_RESUMABLE',
  'RUN_NOT_RUNNING',
  'RUN_HEADER_MISMATCH',
  'JOURNAL_DAMAGED',
  'VERIFICATION_DIFFERS',
  'PRACTICE_UNAVAILABLE',
] as const;

export const errorCodeSchema = z.enum(errorCodes);
export type ErrorCode = z.infer<typeof errorCodeSchema>;

export interface ErrorShape {
  code: ErrorCode;
  /** What happened, as a fact, one sentence. Holds no secret. */
  message: string;
  /** What the operator does next. */
  hint?: string | undefined;
  /** True when the same act may succeed later without a change. */
  retryable: boolean;
  step?: string | undefined;
  unit?: string | undefined;
  /** Further facts for "Copy details"; already redacted. */
  details?: Record<string, string> | undefined;
  cause?: ErrorShape | undefined;
}

/** The one shape of a failure, as it crosses processes and stands in the journal. */
export const errorShapeSchema: z.ZodType<ErrorShape, ErrorShape> = z.object({
  code: errorCodeSchema,
  message: z.string(),
  hint: z.string().optional(),
  retryable: z.boolean(),
  step: z.string().optional(),
  unit: z.string().optional(),
  details: z.record(z.string(), z.string()).optional(),
  get cause() {
    return errorShapeSchema.optional();
  },
});

export interface AppErrorOptions {
  hint?: string | undefined;
  retryable?: boolean | undefined;
  step?: string | undefined;
  unit?: string | undefined;
  details?: Record<string, string> | undefined;
  cause?: unknown;
}

/** A failure that names the operator's situation. Everything that leaves an adapter is one of these. */
export class AppError extends Error implements ErrorShape {
  override readonly name = 'AppError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly step: string | undefined;
  readonly unit: string | undefined;
  readonly details: Record<string, string> | undefined;
  override readonly cause: ErrorShape | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message);
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? false;
    this.step = options.step;
    this.unit = options.unit;
    this.details = options.details;
    this.cause = options.cause === undefined ? undefined : toErrorShape(options.cause);
  }

  /** The plain object that crosses a wire or goes into the journal. */
  toShape(): ErrorShape {
    const { code, message, hint, retryable, step, unit, details, cause } = this;
    return {
      code,
      message,
      retryable,
      ...(hint === undefined ? {} : { hint }),
      ...(step === undefined ? {} : { step }),
      ...(unit === undefined ? {} : { unit }),
      ...(details === undefined ? {} : { details }),
      ...(cause === undefined ? {} : { cause }),
    };
  }

  /** The same failure, placed on a step and unit; values that are already there stay. */
  at(step: string, unit?: string): AppError {
    return new AppError(this.code, this.message, {
      ...this.toShape(),
      step: this.step ?? step,
      unit: this.unit ?? unit,
    });
  }

  static fromShape(shape: ErrorShape): AppError {
    return new AppError(shape.code, shape.message, shape);
  }
}

/** Whether a thrown value is an abort: an `AbortError`, or an AppError with code `CANCELLED`. */
export function isCancelled(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'CANCELLED';
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'CanceledError');
}

/**
 * Any thrown value as an AppError. Unknown errors become `INTERNAL`: adapters classify theirs before they get here,
 * so an `INTERNAL` in front of an operator is a defect of ours and says so.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isCancelled(error)) return new AppError('CANCELLED', 'The operation was cancelled.');
  const parsed = errorShapeSchema.safeParse(error);
  if (parsed.success) return AppError.fromShape(parsed.data);
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('INTERNAL', message === '' ? 'Something went wrong without a message.' : message, {
    hint: 'This is a defect in Cutover. Copy the details and report it.',
    ...(error instanceof Error && error.stack !== undefined ? { details: { stack: error.stack } } : {}),
  });
}

/** Any thrown value as a plain {@link ErrorShape}. */
export function toErrorShape(error: unknown): ErrorShape {
  return toAppError(error).toShape();
}
