/** @type {import('next').NextConfig} */
const config = {
  // A folder that runs with Node alone: what the image holds.
  output: 'standalone',
  poweredByHeader: false,
  reactStrictMode: true,
  headers: () =>
    Promise.resolve([
      {
        source: '/:path*',
        headers: [
          { key: 'X-Content-Type-Options', value: 'nosniff' },
          { key: 'X-Frame-Options', value: 'DENY' },
          // Links in mails carry tokens in their address.
          { key: 'Referrer-Policy', value: 'no-referrer' },
        ],
      },
    ]),
};

export default config;
