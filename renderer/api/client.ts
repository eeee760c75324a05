import { z } from 'zod';
import { useSyncExternalStore } from 'react';
import { contract, type AppContract } from '#shared/contract/contract';
import type { Client } from '#shared/rpc/define';
import { connect } from '#shared/rpc/connect';
import { openWebSocketWire } from '#shared/rpc/web-socket-wire';

// zod would compile its parsers with `new Function`, which the page's content security policy refuses.
z.config({ jitless: true });

function socketAddress(): string {
  const address = new URL('/rpc', location.href);
  address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return address.href;
}

/** The host's other end: every operation of the contract. */
export const client: Client<AppContract> = connect(contract, (signal) =>
  openWebSocketWire(new WebSocket(socketAddress()), signal),
);

/** Live state of the connection to the host. */
export function useConnectionStatus(): Client<AppContract>['status'] {
  return useSyncExternalStore(
    (changed) => client.onStatus(changed),
    () => client.status,
  );
}
