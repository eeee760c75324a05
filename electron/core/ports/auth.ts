/** The Auth service of the target project. */
export interface AuthPort {
  close(): Promise<void>;
}
