import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { AppError } from '#shared/model/errors';

/** A terminal that a person can answer on. */
export interface Terminal {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
}

/** The terminal of this process, when there is one on both ends. */
export function ownTerminal(): Terminal | undefined {
  return process.stdin.isTTY && process.stderr.isTTY
    ? { input: process.stdin, output: process.stderr }
    : undefined;
}

/** Asks for yes or no; anything but `y` or `yes` is a no. */
export async function confirm(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  const answer = await ask(terminal, `${question} [y/N] `, false, signal);
  return /^y(es)?$/i.test(answer.trim());
}

/** Asks for a text that has to be typed as it is; anything else is a no. */
export async function confirmTyped(
  terminal: Terminal,
  question: string,
  expected: string,
  signal: AbortSignal,
): Promise<boolean> {
  return (await ask(terminal, question, false, signal)).trim() === expected;
}

/** Asks for a passphrase; what is typed is not shown. */
export function askPassphrase(terminal: Terminal, question: string, signal: AbortSignal): Promise<string> {
  return ask(terminal, question, true, signal);
}

async function ask(
  terminal: Terminal,
  question: string,
  hidden: boolean,
  signal: AbortSignal,
): Promise<string> {
  // Readline writes the question itself where it echoes; where it does not, the question must not go nowhere too.
  if (hidden) terminal.output.write(question);
  // Readline echoes what it reads to its output: a hidden answer goes nowhere.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: terminal.input,
    output: hidden ? nowhere : terminal.output,
    terminal: true,
    historySize: 0,
  });
  const interrupted = new AbortController();
  lines.once('SIGINT', () => interrupted.abort());
  lines.once('close', () => interrupted.abort());
  try {
    return await lines.question(hidden ? '' : question, {
      signal: AbortSignal.any([signal, interrupted.signal]),
    });
  } catch {
    throw new AppError('CANCELLED', 'The question was not answered.');
  } finally {
    lines.close();
    if (hidden) terminal.output.write('\n');
  }
}
