import { expect, test } from 'vitest';
import { type Container, judgePlace, placesOf } from './containers';

const now = Date.parse('2026-03-01T12:00:00Z');
const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000).toISOString();

function task(service: string, slot: number, age: number, state: Partial<Container['State']>): Container {
  const id = `t${age}`;
  return {
    Name: `/${service}.${slot}.${id}`,
    Image: '',
    RestartCount: 0,
    Created: minutesAgo(age),
    Config: { Labels: { 'com.docker.swarm.task.name': `${service}.${slot}.${id}` } },
    State: { Status: 'running', OOMKilled: false, ExitCode: 0, FinishedAt: minutesAgo(age - 1), ...state },
  };
}
const gone = (exitCode: number) => ({ Status: 'exited', ExitCode: exitCode });
const codes = (containers: Container[]) =>
  placesOf(containers).flatMap((place) => judgePlace(place, new Map(), now).map(({ code }) => code));

test('what a swarm keeps of earlier releases says nothing of the one that runs', () => {
  const tasks = [
    task('shop_backend', 1, 3, {}),
    task('shop_backend', 1, 600, gone(137)),
    task('shop_backend', 1, 900, gone(1)),
    task('shop_backend', 2, 3, {}),
  ];
  expect(placesOf(tasks).map(({ name }) => name)).toEqual(['shop_backend.1', 'shop_backend.2']);
  expect(codes(tasks)).toEqual([]);
});

test('a swarm that starts a task again and again is told of, its memory as the cause', () => {
  const tasks = [
    task('shop_api', 1, 1, {}),
    task('shop_api', 1, 4, gone(1)),
    task('shop_api', 1, 8, gone(1)),
  ];
  expect(codes(tasks)).toEqual(['CONTAINER_RESTARTS']);
  expect(
    codes([task('shop_api', 1, 1, {}), task('shop_api', 1, 4, { ...gone(137), OOMKilled: true })]),
  ).toEqual(['CONTAINER_OUT_OF_MEMORY']);
  expect(codes([task('shop_api', 1, 1, gone(1))])).toEqual(['CONTAINER_NOT_RUNNING']);
});

test('a container outside of a swarm stands for itself', () => {
  const plain = (name: string, status: string, exitCode = 0): Container => ({
    ...task('x', 1, 5, { Status: status, ExitCode: exitCode }),
    Name: `/${name}`,
    Config: {},
  });
  expect(
    codes([plain('a', 'running'), plain('b', 'exited', 143), plain('c', 'paused'), plain('d', 'exited', 3)]),
  ).toEqual(['CONTAINER_NOT_RUNNING', 'CONTAINER_NOT_RUNNING']);
});
