/** What ending sessions does not end. */
export const tokensLive =
  'Access tokens that were issued before stay valid until they expire, an hour after their issue by default.';
