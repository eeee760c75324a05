import { expect, it } from 'vitest';
import { classifyDockerAnswer, classifyDockerMessage } from './classify';

it.each([
  ['write /var/lib/docker/tmp/GetImageBlob1: no space left on device', 'HOST_DISK_FULL'],
  [
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock',
    'DOCKER_PERMISSION_DENIED',
  ],
  [
    'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
    'DOCKER_UNAVAILABLE',
  ],
  ['bash: line 1: docker: command not found', 'DOCKER_UNAVAILABLE'],
  ['sh: 1: docker: not found', 'DOCKER_UNAVAILABLE'],
  ['This node is not a swarm manager. Use "docker swarm init" to connect this node', 'SWARM_INACTIVE'],
  [
    'Error response from daemon: Head "https://ghcr.io/v2/a/manifests/1": unauthorized',
    'REGISTRY_AUTH_FAILED',
  ],
  ['manifest for shop/web:9 not found: manifest unknown: manifest unknown', 'IMAGE_NOT_FOUND'],
  ['no such manifest: ghcr.io/acme/web:9', 'IMAGE_NOT_FOUND'],
  [
    'pull access denied for shop/absent, repository does not exist or may require docker login: denied',
    'IMAGE_NOT_FOUND',
  ],
  ['Bind for 0.0.0.0:80 failed: port is already allocated', 'PORT_TAKEN'],
])('%s', (words, code) => {
  expect(classifyDockerMessage(words)?.code).toBe(code);
});

it('says nothing of words that it does not know, and keeps an answer’s status', () => {
  expect(classifyDockerMessage('rpc error: something else')).toBeUndefined();
  expect(classifyDockerAnswer(404, 'no such service', '/services/x')).toMatchObject({ code: 'NOT_FOUND' });
  expect(classifyDockerAnswer(500, 'boom', '/x')).toMatchObject({ code: 'DOCKER_FAILED', retryable: true });
  expect(classifyDockerAnswer(400, 'bad', '/x')).toMatchObject({ code: 'DOCKER_FAILED', retryable: false });
});
