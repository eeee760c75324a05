import { createClient, type SupabaseClient } from '@supabase/supabase-js';

/** Next puts the values in while it builds, so each name has to stand here in full. */
const settings = {
  NEXT_PUBLIC_SUPABASE_URL: process.env.NEXT_PUBLIC_SUPABASE_URL,
  NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY: process.env.NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY,
  NEXT_PUBLIC_API_URL: process.env.NEXT_PUBLIC_API_URL,
};

/** A setting of the build. Throws with the variable's name when it was built without. */
export function setting(name: keyof typeof settings): string {
  const value = settings[name];
  if (value === undefined || value === '') throw new Error(`The frontend was built without ${name}.`);
  return value;
}

let client: SupabaseClient | undefined;

/** The one client of this page. It keeps the session in the browser and renews it before it ends. */
export function supabase(): SupabaseClient {
  client ??= createClient(
    setting('NEXT_PUBLIC_SUPABASE_URL'),
    setting('NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY'),
    {
      auth: {
        persistSession: true,
        autoRefreshToken: true,
        detectSessionInUrl: true,
        // A link in a mail may be opened in another browser than the one that asked for it, which PKCE would refuse.
        flowType: 'implicit',
      },
    },
  );
  return client;
}
