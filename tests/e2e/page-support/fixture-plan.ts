import type { PlanView, StepPlan } from '#shared/model/run';
import { tables } from './fixture-inspection';

export const steps: StepPlan[] = [
  {
    id: 'schema',
    title: 'Create the schema',
    lane: 'database',
    effect: 'create',
    needs: [],
    summary: 'Creates 20 tables, 6 types, 4 functions and 3 views in the schema public.',
    details: [
      "CREATE TYPE public.order_state AS ENUM ('open', 'paid', 'sent');",
      'CREATE TABLE public.customers (\n  id uuid PRIMARY KEY,\n  email citext NOT NULL\n);',
    ],
    warnings: [
      {
        code: 'EXTENSION_MOVED',
        message: 'The extension citext is created in the schema extensions.',
        hint: 'Set the search path of clients that name the type without schema.',
      },
    ],
    units: ['types', 'tables', 'functions'].map((id) => ({
      id,
      label: `schema ${id}`,
      expected: { done: 0, total: 10, unit: 'entries' },
    })),
  },
  {
    id: 'data',
    title: 'Copy the rows',
    lane: 'database',
    effect: 'create',
    needs: ['schema'],
    summary: 'Copies the rows of 20 tables under one snapshot.',
    details: [],
    warnings: [],
    units: tables.map(({ schema, name, rows, bytes }) => ({
      id: `${schema}.${name}`,
      label: `${schema}.${name}`,
      expected: { done: 0, total: rows, unit: 'rows' },
      bytes,
    })),
  },
  {
    id: 'users',
    title: 'Move the users',
    lane: 'users',
    effect: 'create',
    needs: ['data'],
    summary: 'Creates 1,201 accounts with their ids and password hashes.',
    details: [],
    warnings: [{ code: 'USERS_MERGED', message: '3 duplicates are merged.' }],
    units: [{ id: 'batch-0', label: 'users 1 to 1,201', expected: { done: 0, total: 1201, unit: 'users' } }],
  },
  {
    id: 'objects',
    title: 'Copy the files',
    lane: 'objects',
    effect: 'create',
    needs: [],
    summary: 'Creates 3 buckets and copies 511 objects, 1.3 GB.',
    details: ['acme-uploads', 'acme-avatars', 'acme-exports'],
    warnings: [],
    units: Array.from({ length: 48 }, (_value, index) => ({
      id: `uploads-${index}`,
      label: `uploads: 2024/IMG ${String(index * 9).padStart(4, '0')}.JPG to 2024/IMG ${String(index * 9 + 8).padStart(4, '0')}.JPG`,
      expected: { done: 0, total: 9, unit: 'objects' },
      bytes: 26_000_000,
    })),
  },
];

export const plan: PlanView = {
  hash: 'sha256:5c1f0f5e',
  createdAt: '2026-11-22T14:01:00.000Z',
  only: ['database', 'users', 'objects'],
  steps,
};
