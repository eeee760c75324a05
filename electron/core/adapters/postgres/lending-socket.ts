import { Socket } from 'node:net';

/** Bytes read at once; what waits in the system's own buffers is fetched with fewer calls. */
const bufferBytes = 256 * 1024;

/**
 * A socket that reads into one buffer over and over: a stream of gigabytes leaves no garbage behind. Listeners of `data` get copies. It can't be
 * read in any other way, nor iterated over.
 */
export class LendingSocket extends Socket {
  /**
   * Takes what comes instead of the listeners of `data`, without a copy. The bytes are overwritten by the next read: whoever still needs them
   * pauses the socket before it returns, and resumes it afterwards.
   */
  borrower: ((chunk: Buffer) => void) | undefined;

  constructor() {
    const buffer = Buffer.allocUnsafeSlow(bufferBytes);
    // The base class wants to be told before there is a `this`.
    const take = (bytes: number): boolean => {
      const chunk = buffer.subarray(0, bytes);
      if (this.borrower === undefined) this.emit('data', Buffer.from(chunk));
      else this.borrower(chunk);
      return true;
    };
    super({ onread: { buffer, callback: take } });
  }
}
