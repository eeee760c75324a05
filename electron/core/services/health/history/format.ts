import { healthStates, type HealthState } from '#shared/model/health';
import type { Sample } from '../monitor';

/** A sample as it lies on the disk: fixed length, so that a torn last one shifts nothing. */
export const sampleBytes = 20;

/** A stored sample; `check` is its number in the history's table. */
export interface StoredSample extends Omit<Sample, 'check'> {
  check: number;
}

export function encodeSample(sample: StoredSample): Buffer {
  const bytes = Buffer.alloc(sampleBytes);
  bytes.writeDoubleLE(sample.at, 0);
  bytes.writeFloatLE(sample.latencyMs ?? Number.NaN, 8);
  bytes.writeUInt32LE(Math.max(0, Math.min(0xffffffff, Math.round(sample.covered.ms))), 12);
  bytes.writeUInt16LE(sample.check, 16);
  bytes.writeUInt8(healthStates.indexOf(sample.state), 18);
  bytes.writeUInt8(healthStates.indexOf(sample.covered.state), 19);
  return bytes;
}

/** The samples of one check in a file's bytes; records that make no sense, as after a power cut, are passed over. */
export function* decodeSamples(bytes: Buffer, check?: number): Generator<StoredSample> {
  for (let at = 0; at + sampleBytes <= bytes.length; at += sampleBytes) {
    const number = bytes.readUInt16LE(at + 16);
    if (check !== undefined && number !== check) continue;
    const time = bytes.readDoubleLE(at);
    const state = stateAt(bytes, at + 18);
    const covered = stateAt(bytes, at + 19);
    if (!(time > 1e12) || state === undefined || covered === undefined) continue;
    const latency = bytes.readFloatLE(at + 8);
    yield {
      check: number,
      at: time,
      state,
      ...(Number.isNaN(latency) ? {} : { latencyMs: latency }),
      covered: { state: covered, ms: bytes.readUInt32LE(at + 12) },
    };
  }
}

function stateAt(bytes: Buffer, at: number): HealthState | undefined {
  return healthStates[bytes[at] ?? -1];
}

/** Appends a whole number in as few bytes as it needs. */
export function pushNumber(into: number[], value: number): void {
  let rest = Math.max(0, Math.round(value));
  while (rest >= 128) {
    into.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  into.push(rest);
}

/** Reads what {@link pushNumber} wrote, one after another. */
export function numberReader(bytes: Uint8Array): { next(): number; done(): boolean } {
  let at = 0;
  return {
    next() {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = bytes[at] ?? 0;
        at += 1;
        value += (byte % 128) * factor;
        if (byte < 128) return value;
      }
    },
    done: () => at >= bytes.length,
  };
}
