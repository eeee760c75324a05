/** Both object stores of a migration. */
export interface ObjectPorts {
  close(): Promise<void>;
}
