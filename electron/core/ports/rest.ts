/** `rows`: it gave a row. `empty`: it answered without one. `refused`: not allowed, or not served. `failed`: an error that tells neither. */
export type RestAnswer = 'rows' | 'empty' | 'refused' | 'failed';

/** The project's REST interface, asked as anybody could who has the publishable key. Every failure is an AppError without the key. */
export interface RestPort {
  /**
   * Asks for one row of a table or view; resolves with the status and what it means. Throws `SUPABASE_KEY_REFUSED` when it is the key that is
   * refused: then nothing is known of the table.
   */
  ask(
    relation: { readonly schema: string; readonly name: string },
    signal: AbortSignal,
  ): Promise<{ status: number; answer: RestAnswer }>;
}
