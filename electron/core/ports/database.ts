/** Both databases of a migration. */
export interface DatabasePorts {
  close(): Promise<void>;
}
