/**
 * `HTTP_CLOSED`: the server ended the connection too early. `HTTP_SILENT`: it said nothing for as long as the client waits. `HTTP_INVALID` and
 * `HTTP_UNEXPECTED`: it does not speak HTTP as it should. `HTTP_REQUEST`: the request can't be written as HTTP. `HTTP_TOO_LARGE`: an answer
 * that is held has more bytes than one may have.
 */
export type WireCode =
  'HTTP_CLOSED' | 'HTTP_SILENT' | 'HTTP_INVALID' | 'HTTP_UNEXPECTED' | 'HTTP_REQUEST' | 'HTTP_TOO_LARGE';

/** An exchange that failed between the socket and what it is to say. What the system itself says is passed on as it is. */
export class WireError extends Error {
  override readonly name = 'WireError';

  constructor(
    readonly code: WireCode,
    message: string,
  ) {
    super(message);
  }
}
