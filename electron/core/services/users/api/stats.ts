import type { UserStats } from '#shared/contract/users';
import type { ApiUser } from '../../../adapters/supabase/admin-api';

const dayMs = 86_400_000;

/** Figures over users that were read; `total` when there are more of them than were read. */
export function statsOf(users: readonly ApiUser[], days: number, total: number | undefined): UserStats {
  const kept = users.filter((user) => user.deleted_at === undefined);
  const now = Date.now();
  const today = Math.floor(now / dayMs);
  const activeSince = (span: number) =>
    kept.filter((user) => now - Date.parse(user.last_sign_in_at ?? '') < span * dayMs).length;
  const perDay = (moments: readonly (string | undefined)[]): UserStats['signUps'] => {
    const counts = new Map<number, number>();
    for (const moment of moments) {
      const day = Math.floor(Date.parse(moment ?? '') / dayMs);
      counts.set(day, (counts.get(day) ?? 0) + 1);
    }
    return Array.from({ length: days }, (_, index) => {
      const day = today - days + 1 + index;
      return { day: new Date(day * dayMs).toISOString().slice(0, 10), count: counts.get(day) ?? 0 };
    });
  };
  const providers = new Map<string, number>();
  for (const user of kept) {
    for (const provider of new Set(user.identities.map((identity) => identity.provider))) {
      providers.set(provider, (providers.get(provider) ?? 0) + 1);
    }
  }
  return {
    total: total ?? kept.length,
    activeDay: activeSince(1),
    activeWeek: activeSince(7),
    activeMonth: activeSince(30),
    confirmed: kept.filter(
      (user) => user.email_confirmed_at !== undefined || user.phone_confirmed_at !== undefined,
    ).length,
    banned: kept.filter((user) => Date.parse(user.banned_until ?? '') > now).length,
    neverSignedIn: kept.filter((user) => user.last_sign_in_at === undefined).length,
    signUps: perDay(kept.map((user) => user.created_at)),
    lastSeen: perDay(kept.map((user) => user.last_sign_in_at)),
    providers: [...providers]
      .map(([provider, count]) => ({ provider, count }))
      .sort((a, b) => b.count - a.count || a.provider.localeCompare(b.provider)),
    ...(total === undefined ? {} : { sampled: users.length }),
  };
}
