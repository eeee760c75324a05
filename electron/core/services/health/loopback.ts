import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

/** Whether a name or address leads to this machine itself, whatever its network does. */
export function isLoopbackHost(host: string): boolean {
  const plain = host.replace(/^\[|\]$/g, '');
  return plain === 'localhost' || plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'));
}

/** Whether this machine has an address besides loopback. */
export function hasOutsideAddress(): boolean {
  return Object.values(networkInterfaces()).some(
    (addresses) => addresses?.some((address) => !address.internal) === true,
  );
}
