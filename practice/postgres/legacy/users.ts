import { hash } from 'bcryptjs';

/** How many users the shop has. */
export const legacyUserCount = 2_000;

const distinctPasswords = 40;

/** The known password of the n-th user, n from 1: forty different ones take turns. */
export function legacyUserPassword(n: number): string {
  return `practice-password-${n % distinctPasswords}`;
}

/** The e-mail address of the n-th user, n from 1, as the shop stores it (some have capitals). */
export function legacyUserEmail(n: number): string {
  const [first, last] = nameOf(n);
  const address = `${first}.${last}${n}@example.com`.toLowerCase();
  if (isCaseDuplicate(n))
    return legacyUserEmail(n - 1)
      .toUpperCase()
      .replace('@EXAMPLE.COM', '@example.com');
  return n % 97 === 0 ? `${first}.${last}${n}@Example.com` : address;
}

/** Whether the n-th user's address differs from its predecessor's by letter case only: the three collisions of the shop. */
function isCaseDuplicate(n: number): boolean {
  return n === 701 || n === 1_201 || n === 1_801;
}

/** The id of the n-th user, the same at every start. */
export function legacyUserId(n: number): string {
  return `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`.replace(/^0{8}/, scatter(n));
}

/** Ids of a real table do not arrive in order. */
function scatter(n: number): string {
  return (Math.imul(n, 2_654_435_761) >>> 0).toString(16).padStart(8, '0');
}

const firstNames = [
  'Anna',
  'Ben',
  'Carla',
  'David',
  'Elif',
  'Farid',
  'Greta',
  'Hugo',
  'Ines',
  'Jonas',
  'Kim',
  'Lena',
];
const lastNames = [
  'Berg',
  'Costa',
  'Dietz',
  'Evans',
  'Fischer',
  'Gomez',
  'Huber',
  'Ito',
  'Jansen',
  'Kaya',
  'Lopez',
];

function nameOf(n: number): [string, string] {
  return [firstNames[n % firstNames.length] ?? '', lastNames[n % lastNames.length] ?? ''];
}

/** A row of `users`, as the seed inserts it. */
export interface LegacyUser {
  id: string;
  email: string;
  hashed_password: string;
  full_name: string;
  role: string;
  is_active: boolean;
  is_verified: boolean;
}

const alphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** A fixed salt makes the rows the same at every start; that is for practice only. */
function salt(cost: number, index: number): string {
  const characters = Array.from({ length: 21 }, (_, at) => alphabet[(index * 31 + at * 17) % 64] ?? '.');
  // The last character of a bcrypt salt carries two bits only.
  return `$2b$${String(cost).padStart(2, '0')}$${characters.join('')}e`;
}

/** Passwords 0 and 1 cost what a production system pays, 2 more than that; the others are cheap so that a start is quick. */
const costOf = (index: number): number => (index === 2 ? 12 : index < 2 ? 10 : 4);

/** The three prefixes mean the same algorithm; libraries differ in which one they write. */
const prefixes = ['$2b$', '$2a$', '$2y$'];

/** Every user of the shop, with real bcrypt hashes of {@link legacyUserPassword}. */
export async function legacyUsers(): Promise<LegacyUser[]> {
  const hashes = await Promise.all(
    Array.from({ length: distinctPasswords }, (_, index) =>
      hash(legacyUserPassword(index), salt(costOf(index), index)),
    ),
  );
  return Array.from({ length: legacyUserCount }, (_, index) => {
    const n = index + 1;
    const stored = hashes[n % distinctPasswords] ?? '';
    const [first, last] = nameOf(n);
    return {
      id: legacyUserId(n),
      email: legacyUserEmail(n),
      hashed_password: `${prefixes[n % prefixes.length] ?? ''}${stored.slice(4)}`,
      full_name: n % 50 === 0 ? `${first} Ñandú-${last} 李` : `${first} ${last}`,
      role: n <= 3 ? 'admin' : n <= 60 ? 'staff' : 'customer',
      is_active: n % 37 !== 0,
      is_verified: n % 11 !== 0,
    };
  });
}

/** A user who is active and verified, for a first sign-in after the move. */
export const practiceUser = {
  number: 7,
  email: legacyUserEmail(7),
  password: legacyUserPassword(7),
} as const;
