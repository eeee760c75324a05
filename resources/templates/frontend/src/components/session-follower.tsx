'use client';

import { useEffect } from 'react';
import { followSession } from '@/lib/store';

/** Follows the session from the first page on. Shows nothing. */
export function SessionFollower(): null {
  useEffect(followSession, []);
  return null;
}
