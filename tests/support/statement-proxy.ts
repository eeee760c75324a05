import { addressOf, startProxy } from './proxy';

/** `cut before`: the statement does not arrive; `cut after`: it arrives, and its answer does not. */
export type StatementFault = 'cut before' | 'cut after';

export interface StatementProxy {
  port: number;
  /** How often a client has spoken so far. */
  readonly statements: number;
  /** Breaks the connection at the `place`th time that a client speaks from now on; once. */
  disturb(place: number, fault: StatementFault): void;
  close(): Promise<void>;
}

/** A proxy in front of PostgreSQL that breaks a connection at a statement of choice. A client speaks once for each statement. */
export async function startStatementProxy(url: string): Promise<StatementProxy> {
  let statements = 0;
  let planned: { at: number; fault: StatementFault } | undefined;
  const proxy = await startProxy(addressOf(url), (near, far) => {
    let mute = false;
    const cut = () => near.resetAndDestroy();
    near.on('data', (chunk: Buffer) => {
      statements += 1;
      if (planned !== undefined && statements >= planned.at) {
        const { fault } = planned;
        planned = undefined;
        if (fault === 'cut before') {
          cut();
          return;
        }
        mute = true;
      }
      far.write(chunk);
    });
    far.on('data', (chunk: Buffer) => {
      if (mute) cut();
      else near.write(chunk);
    });
  });
  return {
    port: proxy.port,
    get statements() {
      return statements;
    },
    disturb: (place, fault) => {
      planned = { at: statements + place, fault };
    },
    close: () => proxy.close(),
  };
}
