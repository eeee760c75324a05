import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import ssh2 from 'ssh2';
import { AppError } from '#shared/model/errors';

/** Reads and opens a private key file. Throws `SSH_KEY_UNREADABLE`, which says whether the file or the passphrase is at fault. */
export async function readPrivateKey(file: string, passphrase: string | undefined): Promise<Buffer> {
  const resolved = file.replace(/^~(?=$|[/\\])/, homedir());
  const text = await readFile(path.resolve(resolved)).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw unreadable(
      `The private key file ${file} can't be read (${code}).`,
      'Check the path and its permissions.',
    );
  });
  const parsed = ssh2.utils.parseKey(text, passphrase);
  if (!(parsed instanceof Error)) {
    if (parsed.isPrivateKey()) return text;
    throw unreadable(`${file} holds a public key.`, 'Choose the private key: the file without .pub.');
  }
  if (/no passphrase given/i.test(parsed.message)) {
    throw unreadable(
      `The private key ${file} is protected by a passphrase.`,
      'Start Cutover with CUTOVER_SSH_KEY_PASSPHRASE set, or load the key into an SSH agent and leave the key file empty.',
    );
  }
  if (passphrase !== undefined && /bad passphrase|decrypt|integrity/i.test(parsed.message)) {
    throw unreadable(`The passphrase does not open ${file}.`, 'Check CUTOVER_SSH_KEY_PASSPHRASE.');
  }
  throw unreadable(
    `${file} is not a private key that can be used.`,
    'Choose an OpenSSH or PEM private key (Ed25519, ECDSA or RSA).',
  );
}

function unreadable(message: string, hint: string): AppError {
  return new AppError('SSH_KEY_UNREADABLE', message, {
    hint,
    details: { setting: 'EASYPANEL_SSH_KEY_FILE' },
  });
}
