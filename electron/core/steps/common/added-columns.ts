/** The comment on a column that Cutover added to a table of the application: it is not the source's, so nothing compares it. */
export const addedColumnComment = 'Added by Cutover: the id that the user has in Supabase Auth.';
