import { z } from 'zod';
import { AppError, toErrorShape } from '../model/errors';
import type {
  CallDefinition,
  Contract,
  HandlerContext,
  Handlers,
  OperationDefinition,
  StreamContext,
  StreamDefinition,
  Wire,
} from './define';
import { identifiedFrameSchema, requestFrameSchema, type RequestFrame, type ResponseFrame } from './frames';
import { defaultHeartbeat, withHeartbeat, type HeartbeatOptions } from './heartbeat';

export interface ServeOptions {
  heartbeat?: HeartbeatOptions;
}

type CallFrame = Extract<RequestFrame, { t: 'call' }>;
type StreamFrame = Extract<RequestFrame, { t: 'stream' }>;

/** An operation that a client waits for. */
interface Active {
  controller: AbortController;
  grant(credit: number): void;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';
const callHandlerSchema = z.custom<(input: unknown, context: HandlerContext) => unknown>(isFunction);
const streamHandlerSchema =
  z.custom<(input: unknown, context: StreamContext) => AsyncIterable<unknown>>(isFunction);

function describeIssues(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) =>
      issue.path.length === 0 ? issue.message : `${issue.path.map(String).join('.')}: ${issue.message}`,
    )
    .join('; ');
}

function parseInput(op: string, schema: z.ZodType, input: unknown): unknown {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new AppError('INVALID_INPUT', `The input of ${op} is not valid: ${describeIssues(parsed.error)}.`, {
    hint: 'Correct the value and try again.',
  });
}

function parseOutput(op: string, schema: z.ZodType, output: unknown): unknown {
  const parsed = schema.safeParse(output);
  if (parsed.success) return parsed.data;
  throw new AppError(
    'INTERNAL',
    `The answer of ${op} does not match the contract: ${describeIssues(parsed.error)}.`,
    {
      hint: 'This is a defect in Cutover. Copy the details and report it.',
    },
  );
}

/**
 * Serves a contract on one wire until the wire closes or the returned function is called. Inputs and outputs are
 * parsed, so handlers see valid input and a client never gets a key that the contract does not name. Operations in
 * flight are aborted when the wire closes. Nothing a client sends makes it throw.
 */
export function serve<C extends Contract>(
  wire: Wire,
  contract: C,
  handlers: Handlers<C>,
  options?: ServeOptions,
): () => void;
export function serve(
  bareWire: Wire,
  contract: Contract,
  handlers: object,
  options: ServeOptions = {},
): () => void {
  const wire = withHeartbeat(bareWire, options.heartbeat ?? defaultHeartbeat);
  const active = new Map<number, Active>();

  const send = (frame: ResponseFrame) => wire.send(frame);

  /** Runs an operation and reports its failure, unless its caller has gone. */
  const run = (
    id: number,
    grant: Active['grant'],
    operation: (signal: AbortSignal) => Promise<ResponseFrame>,
  ) => {
    const controller = new AbortController();
    const entry: Active = { controller, grant };
    active.set(id, entry);
    const settle = (frame: ResponseFrame) => {
      if (active.get(id) !== entry) return;
      send(frame);
      active.delete(id);
    };
    operation(controller.signal)
      .then(settle)
      .catch((error: unknown) => settle({ t: 'error', id, error: toErrorShape(error) }));
  };

  const answerCall = (frame: CallFrame, definition: CallDefinition, handler: unknown) =>
    run(
      frame.id,
      () => undefined,
      async (signal) => {
        const input = parseInput(frame.op, definition.input, frame.input);
        const output = await callHandlerSchema.parse(handler)(input, { signal });
        return { t: 'value', id: frame.id, value: parseOutput(frame.op, definition.output, output) };
      },
    );

  const answerStream = (frame: StreamFrame, definition: StreamDefinition, handler: unknown) => {
    const { id, op, after } = frame;
    let credit = frame.credit;
    let wake = () => {};
    const grant = (more: number) => {
      credit += more;
      wake();
    };
    const numberedSchema = z.object({ seq: z.number().int(), event: definition.event });

    run(id, grant, async (signal) => {
      const input = parseInput(op, definition.input, frame.input);
      const iterator = streamHandlerSchema.parse(handler)(input, { signal, after })[Symbol.asyncIterator]();
      const aborted = new Promise<'aborted'>((resolve) => {
        signal.addEventListener('abort', () => resolve('aborted'), { once: true });
      });
      try {
        for (;;) {
          while (credit === 0) {
            const granted = new Promise<'granted'>((resolve) => {
              wake = () => resolve('granted');
            });
            if ((await Promise.race([granted, aborted])) === 'aborted') throw cancelled();
          }
          credit -= 1;
          const next = await Promise.race([iterator.next(), aborted]);
          if (next === 'aborted') throw cancelled();
          if (next.done === true) return { t: 'end', id };
          const { seq, event } = z
            .object({ seq: z.number(), event: z.unknown() })
            .parse(parseOutput(op, numberedSchema, next.value));
          send({ t: 'event', id, seq, event });
        }
      } finally {
        // Not awaited: a handler that ignores its signal may never come back from where it waits.
        void iterator.return?.().catch(() => undefined);
      }
    });
  };

  const begin = (frame: CallFrame | StreamFrame) => {
    const definition: OperationDefinition | undefined = Object.hasOwn(contract, frame.op)
      ? contract[frame.op]
      : undefined;
    if (definition === undefined) {
      send(refusal(frame.id, `The host has no operation named ${frame.op.slice(0, 100)}.`));
    } else if (active.has(frame.id)) {
      send(refusal(frame.id, `The operation number ${frame.id} is in use.`));
    } else {
      const handler: unknown = Reflect.get(handlers, frame.op);
      if (frame.t === 'call' && definition.kind === 'call') answerCall(frame, definition, handler);
      else if (frame.t === 'stream' && definition.kind === 'stream') answerStream(frame, definition, handler);
      else send(refusal(frame.id, `The operation ${frame.op} is a ${definition.kind}.`));
    }
  };

  wire.onMessage((message) => {
    const parsed = requestFrameSchema.safeParse(message);
    if (!parsed.success) {
      const identified = identifiedFrameSchema.safeParse(message);
      if (identified.success) send(refusal(identified.data.id, 'The host could not read the message.'));
      return;
    }
    const frame = parsed.data;
    switch (frame.t) {
      case 'call':
      case 'stream':
        begin(frame);
        break;
      case 'credit':
        active.get(frame.id)?.grant(frame.credit);
        break;
      case 'cancel': {
        const entry = active.get(frame.id);
        active.delete(frame.id);
        entry?.controller.abort();
        break;
      }
    }
  });

  wire.onClose(() => {
    const entries = [...active.values()];
    active.clear();
    for (const { controller } of entries) controller.abort();
  });
  return () => wire.close();
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'The operation was cancelled.');
}

function refusal(id: number, message: string): ResponseFrame {
  const hint = 'The page and the host may be of different versions: reload the page.';
  return { t: 'error', id, error: { code: 'INVALID_INPUT', message, hint, retryable: false } };
}
