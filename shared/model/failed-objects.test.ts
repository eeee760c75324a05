import fc from 'fast-check';
import { expect, it } from 'vitest';
import { failedObjectsOf, listedDetails } from './failed-objects';
import type { RunView, UnitView } from './run';

const viewOf = (units: UnitView[]): RunView => ({
  id: '20260102T030405Z-abc123',
  state: 'failed',
  only: ['objects'],
  planHash: '',
  startedAt: '',
  at: '',
  seq: 0,
  log: [],
  steps: [
    {
      id: 'objects.copy',
      title: '',
      lane: 'objects',
      effect: 'create',
      needs: [],
      summary: '',
      details: [],
      warnings: [],
      state: 'failed',
      evidence: [],
      runWarnings: [],
      units,
    },
  ],
});

it('reads back every object that a range lists, whatever its key', () => {
  const objects = fc.array(
    fc.record({
      bucket: fc.string({ unit: 'binary' }),
      key: fc.string({ unit: 'binary' }),
      code: fc.constantFrom('OBJECTS_DAMAGED' as const, 'OBJECTS_FAILED' as const),
    }),
    { minLength: 2 },
  );
  fc.assert(
    fc.property(objects, (failed) => {
      const error = {
        code: 'OBJECTS_FAILED' as const,
        message: '',
        retryable: true,
        details: { bucket: 'x', key: 'y', ...listedDetails(failed) },
      };
      expect(failedObjectsOf(viewOf([{ id: 'a', label: '', state: 'failed', error }]))).toEqual(failed);
      expect(failedObjectsOf(viewOf([{ id: 'a', label: '', state: 'running', error }]))).toEqual([]);
    }),
  );
});

it('takes the object of a range in which a single one failed, and nothing from a range that failed otherwise', () => {
  const error = { code: 'OBJECTS_DAMAGED' as const, message: '', retryable: true };
  const units: UnitView[] = [
    { id: 'a', label: '', state: 'failed', error: { ...error, details: { bucket: 'b', key: 'k' } } },
    { id: 'b', label: '', state: 'failed', error: { ...error, details: { bucket: 'b', 'object 1': 'odd' } } },
  ];
  expect(failedObjectsOf(viewOf(units))).toEqual([{ bucket: 'b', key: 'k', code: 'OBJECTS_DAMAGED' }]);
});
