/**
 * The operating system's key store, as the desktop's main process offers it to the core (Electron's safeStorage).
 * Other hosts have none.
 */
export interface SecretsBroker {
  /** False when the system has no real key store; a fixed password does not count as one. */
  available(): Promise<boolean>;
  /** Encrypts a text for this user on this machine; the result is base64. */
  encrypt(text: string): Promise<string>;
  /** Takes what {@link encrypt} gave. Rejects when it was made elsewhere or changed. */
  decrypt(base64: string): Promise<string>;
}
