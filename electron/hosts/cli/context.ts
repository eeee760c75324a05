import type { Installation } from './installation';
import type { Output } from './output';
import type { Terminal } from './prompt';

/** What every command gets. */
export interface CommandContext {
  env: Readonly<Record<string, string | undefined>>;
  dataDir: string;
  installation: Installation;
  output: Output;
  /** A terminal to ask on; undefined in scripts. */
  terminal: Terminal | undefined;
  /** Aborted by the first Ctrl-C or SIGTERM. A second one ends the process at once. */
  signal: AbortSignal;
}
