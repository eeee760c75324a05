import { z } from 'zod';
import { useSyncExternalStore } from 'react';
import { contract, type AppContract } from '#shared/contract/contract';
import type { Client } from '#shared/rpc/define';
import { connect } from '#shared/rpc/connect';
import { openPageWire } from '#shared/rpc/page-wire';

// zod would compile its parsers with `new Function`, which the page's content security policy refuses.
z.config({ jitless: true });

/** The host's other end: every operation of the contract. */
export const client: Client<AppContract> = connect(contract, openPageWire(window));

/** Live state of the connection to the host. */
export function useConnectionStatus(): Client<AppContract>['status'] {
  return useSyncExternalStore(
    (changed) => client.onStatus(changed),
    () => client.status,
  );
}
