import { AppError, errorShapeSchema } from '#shared/model/errors';
import { sizeHeader, transferPath } from '#shared/page/transfers';

/** Lets the browser save a file that the host gives out beside the contract. */
export function saveTransfer(id: string, fileName: string): void {
  const link = document.createElement('a');
  link.href = transferPath(id);
  link.download = fileName;
  link.click();
}

/** Sends bytes and tells how many have left. Rejects with an AppError. */
export function sendBytes(
  id: string,
  bytes: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Only this way of asking tells how much of a body has left.
    const request = new XMLHttpRequest();
    const onAbort = () => request.abort();
    const settle = (finish: () => void) => {
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () =>
      settle(() => (request.status < 300 ? resolve() : reject(failureOf(request.responseText))));
    request.onerror = () =>
      settle(() =>
        reject(
          new AppError('CONNECTION_LOST', 'The connection to the Cutover host was lost.', {
            retryable: true,
            hint: 'Try again once it is back: what has arrived stays.',
          }),
        ),
      );
    request.onabort = () => settle(() => reject(new AppError('CANCELLED', 'The upload was stopped.')));
    signal.addEventListener('abort', onAbort, { once: true });
    request.open('PUT', transferPath(id));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.setRequestHeader(sizeHeader, String(bytes.size));
    request.send(bytes);
  });
}

function failureOf(text: string): AppError {
  try {
    return AppError.fromShape(errorShapeSchema.parse(JSON.parse(text)));
  } catch {
    return new AppError('CONNECTION_LOST', 'The Cutover host did not take the bytes.', { retryable: true });
  }
}
