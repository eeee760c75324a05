import { z } from 'zod';

/** An operation that answers once. */
export interface CallDefinition<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType> {
  readonly kind: 'call';
  readonly input: I;
  readonly output: O;
}

/** An operation that answers with numbered events until it ends or is cancelled. */
export interface StreamDefinition<I extends z.ZodType = z.ZodType, E extends z.ZodType = z.ZodType> {
  readonly kind: 'stream';
  readonly input: I;
  readonly event: E;
}

export type OperationDefinition = CallDefinition | StreamDefinition;
/** Operations by name (`runs.start`). Data, so that another transport can serve them. */
export type Contract = Readonly<Record<string, OperationDefinition>>;

const secretMark = 'cutover-secret';

/**
 * A secret on its way in. {@link call} and {@link stream} refuse an output that holds one anywhere, which makes
 * secrets write-only by construction.
 */
export function secretInput(): z.ZodString {
  return z
    .string()
    .min(1)
    .meta({ [secretMark]: true });
}

/**
 * Whether a schema holds a {@link secretInput} at any depth. It walks the definition itself: a JSON schema would leave
 * out what JSON cannot express, such as the values of a map or one end of a pipe.
 */
export function holdsSecret(schema: z.ZodType): boolean {
  const seen = new Set<unknown>();
  const search = (value: unknown): boolean => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return false;
    seen.add(value);
    if (!(value instanceof z.ZodType)) return Object.values(value).some(search);
    if (value.meta()?.[secretMark] === true) return true;
    return value instanceof z.ZodLazy ? search(value.unwrap()) : search(value.def);
  };
  return search(schema);
}

function refuseSecret(schema: z.ZodType): void {
  if (holdsSecret(schema)) throw new TypeError('An answer of the contract must not hold a secret.');
}

/** Defines a call. Throws a TypeError when the output could hold a secret. */
export function call<I extends z.ZodType, O extends z.ZodType>(input: I, output: O): CallDefinition<I, O> {
  refuseSecret(output);
  return { kind: 'call', input, output };
}

/** Defines a stream. Throws a TypeError when an event could hold a secret. */
export function stream<I extends z.ZodType, E extends z.ZodType>(input: I, event: E): StreamDefinition<I, E> {
  refuseSecret(event);
  return { kind: 'stream', input, event };
}

export interface HandlerContext {
  /** Aborted when the caller cancels or its wire closes. */
  signal: AbortSignal;
}

/** An event of a stream with the number after which a caller can resume. Numbers rise, gaps are allowed. */
export interface Numbered<E> {
  seq: number;
  event: E;
}

export interface StreamContext extends HandlerContext {
  /** Send only events with a higher number; -1 for all. */
  after: number;
}

/** What a host implements for a contract. */
export type Handlers<C extends Contract> = {
  [K in keyof C]: C[K] extends CallDefinition<infer I, infer O>
    ? (input: z.output<I>, context: HandlerContext) => Promise<z.input<O>>
    : C[K] extends StreamDefinition<infer I, infer E>
      ? (input: z.output<I>, context: StreamContext) => AsyncIterable<Numbered<z.input<E>>>
      : never;
};

type CallNames<C extends Contract> = {
  [K in keyof C]: C[K] extends CallDefinition ? K : never;
}[keyof C] &
  string;
type StreamNames<C extends Contract> = {
  [K in keyof C]: C[K] extends StreamDefinition ? K : never;
}[keyof C] &
  string;
type CallInput<C extends Contract, K extends keyof C> = C[K] extends OperationDefinition
  ? z.input<C[K]['input']>
  : never;
type CallOutput<C extends Contract, K extends keyof C> =
  C[K] extends CallDefinition<z.ZodType, infer O> ? z.output<O> : never;
type StreamEvent<C extends Contract, K extends keyof C> =
  C[K] extends StreamDefinition<z.ZodType, infer E> ? z.output<E> : never;

/** The other side of a wire, typed by its contract. */
export interface Client<C extends Contract> {
  /** Rejects with an AppError; `CANCELLED` when the signal aborted, `CONNECTION_LOST` when the wire closed for good. */
  call<K extends CallNames<C>>(
    name: K,
    input: CallInput<C, K>,
    options?: { signal?: AbortSignal },
  ): Promise<CallOutput<C, K>>;
  /** Survives reconnects: it asks again for what comes after the last event received. Ends when the host ends it. */
  stream<K extends StreamNames<C>>(
    name: K,
    input: CallInput<C, K>,
    options?: { signal?: AbortSignal; after?: number },
  ): AsyncIterable<Numbered<StreamEvent<C, K>>>;
  /** Live state of the connection. */
  readonly status: 'connecting' | 'open' | 'closed';
  onStatus(listener: (status: 'connecting' | 'open' | 'closed') => void): () => void;
  close(): void;
}

/** A duplex of whole messages. Values are structured-clonable and JSON-safe, so every transport can carry them. */
export interface Wire {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  close(): void;
}
