/** A token bucket for each address: `burst` at once, then `perFiveMinutes` evenly. */
export interface RateLimiter {
  /** Whether one more request of this address is let through now. */
  allow(address: string): boolean;
}

export function createRateLimiter(perFiveMinutes: number, burst: number): RateLimiter {
  const buckets = new Map<string, { left: number; at: number }>();
  return {
    allow(address) {
      const now = Date.now();
      const bucket = buckets.get(address) ?? { left: burst, at: now };
      const left = Math.min(burst, bucket.left + ((now - bucket.at) / 300_000) * perFiveMinutes);
      const allowed = left >= 1;
      buckets.set(address, { left: allowed ? left - 1 : left, at: now });
      return allowed;
    },
  };
}
