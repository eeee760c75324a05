import ssh2 from 'ssh2';

/** Options of a new ed25519 key; with a passphrase the private part is encrypted. */
export interface KeyPairOptions {
  comment?: string;
  passphrase?: string;
}

/**
 * A new ed25519 key pair. About one key in 400 that ssh2 1.17 generates is written in a form that it can't read back (its length of the
 * private part is off by a byte), so each is read before it is handed out.
 */
export function generateKeyPair({ comment = '', passphrase }: KeyPairOptions = {}): {
  private: string;
  public: string;
} {
  const { utils } = ssh2;
  for (;;) {
    const pair =
      passphrase === undefined
        ? utils.generateKeyPairSync('ed25519', { comment })
        : utils.generateKeyPairSync('ed25519', { comment, passphrase, cipher: 'aes256-ctr', rounds: 4 });
    if (!(utils.parseKey(pair.private, passphrase) instanceof Error)) return pair;
  }
}
