import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { DeployAction, LogLine, ReleaseSource, RenderInput } from '#shared/contract/deploy';
import type { ContainerUse, ReleasePreview } from '#shared/model/deploy';
import type { PanelDomain, PanelServiceId } from '#shared/model/easypanel';
import type { AppError } from '#shared/model/errors';
import { client } from '../../api/client';
import { followStream } from '../../api/follow-stream';
import { keys } from '../../api/queries';
import { queryClient } from '../../api/query-client';
import { foldOperation, keptLines, noEvents, type OperationView } from './deploy.logic';

const deployKey = ['deploy'] as const;
const statusKey = [...deployKey, 'status'];
const operationKey = [...deployKey, 'operation'];

/** Services and releases on the host. Every question is a connection, so it is asked calmly. */
export function useDeployStatus() {
  return useQuery({
    queryKey: statusKey,
    queryFn: ({ signal }) => client.call('deploy.status', {}, { signal }),
    refetchInterval: 10_000,
    retry: false,
  });
}

/** The last deployment of the core, if there was one. */
export function useOperation() {
  return useQuery({
    queryKey: operationKey,
    queryFn: ({ signal }) => client.call('deploy.operation', {}, { signal }),
    refetchInterval: 5_000,
  });
}

/** Whether the host is ready for the release; asked anew whenever somebody looks. */
export function usePreflight(source: ReleaseSource) {
  return useQuery({
    queryKey: [...deployKey, 'preflight', source],
    queryFn: ({ signal }) => client.call('deploy.preflight', source, { signal }),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
}

/** What a release would change. */
export function usePlan(source: ReleaseSource) {
  return useQuery({
    queryKey: [...deployKey, 'plan', source],
    queryFn: ({ signal }) => client.call('deploy.plan', source, { signal }),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
}

/** The files of a release as they would be. The values that were typed are forgotten with the dialog. */
export function usePreviewFiles(input: RenderInput) {
  return useQuery({
    queryKey: [...deployKey, 'files', input],
    queryFn: ({ signal }) => client.call('deploy.previewFiles', input, { signal }),
    placeholderData: keepPreviousData,
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
}

const reread = () => {
  void queryClient.invalidateQueries({ queryKey: deployKey });
  void queryClient.invalidateQueries({ queryKey: keys.activity });
};

/** Writes them where releases are read from. */
export function useWriteFiles(onDone: (written: ReleasePreview) => void) {
  return useMutation({
    mutationFn: (input: RenderInput) => client.call('deploy.writeFiles', input),
    gcTime: 0,
    onSuccess: (written) => {
      reread();
      onDone(written);
    },
  });
}

/** What becomes of the application in a checkout; nothing is asked before one is named. */
export function useApplication(repo: string | undefined) {
  return useQuery({
    queryKey: [...deployKey, 'application', repo],
    queryFn: ({ signal }) => client.call('deploy.application', { repo: repo ?? '' }, { signal }),
    enabled: repo !== undefined,
    staleTime: Infinity,
    retry: false,
  });
}

/** Writes the changes on a new branch. */
export function useWriteBranch() {
  return useMutation({
    mutationFn: (input: { repo: string; head: string; branch: string }) =>
      client.call('deploy.writeBranch', input),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.activity }),
  });
}

const panelKey = [...deployKey, 'panel'];

/** The services of Easypanel. */
export function usePanel() {
  return useQuery({
    queryKey: [...panelKey, 'list'],
    queryFn: ({ signal }) => client.call('easypanel.list', {}, { signal }),
    retry: false,
  });
}

/** Which variables of a service the release's environment file would change. */
export function usePanelEnvironment(target: PanelServiceId) {
  return useQuery({
    queryKey: [...panelKey, 'environment', target],
    queryFn: ({ signal }) => client.call('easypanel.planEnvironment', { target }, { signal }),
    staleTime: 0,
    gcTime: 0,
    retry: false,
  });
}

/** Makes that file the environment of a service. */
export function useSetEnvironment(onDone: () => void) {
  return useMutation({
    mutationFn: (input: { target: PanelServiceId }) => client.call('easypanel.setEnvironment', input),
    onSuccess: () => {
      reread();
      onDone();
    },
  });
}

/** Leads a domain to a service. */
export function useAddDomain(onDone: () => void) {
  return useMutation({
    mutationFn: (input: { target: PanelServiceId; domain: PanelDomain }) =>
      client.call('easypanel.addDomain', input),
    onSuccess: () => {
      reread();
      onDone();
    },
  });
}

/** Begins a deployment. */
export function useStart() {
  return useMutation({
    mutationFn: (action: DeployAction) => client.call('deploy.start', action),
    onSuccess: (operation) => queryClient.setQueryData(operationKey, operation),
  });
}

/** Ends a deployment; what it changed stays. */
export function useCancel() {
  return useMutation({ mutationFn: (id: string) => client.call('deploy.cancel', { id }) });
}

/** Makes the host a swarm of its own. */
export function useInitialiseSwarm() {
  return useMutation({ mutationFn: () => client.call('deploy.initialiseSwarm', {}), onSuccess: reread });
}

/** What a deployment tells, from its beginning. The component that uses it has the id as its key. */
export function useOperationEvents(id: string): { view: OperationView; error: AppError | undefined } {
  const [view, setView] = useState(noEvents);
  const [error, setError] = useState<AppError>();
  useEffect(() => {
    const controller = new AbortController();
    void followStream(
      client.stream('deploy.watch', { id }, { signal: controller.signal }),
      (events) => setView((before) => foldOperation(before, events)),
      controller.signal,
    ).then((failure) => {
      setError(failure);
      reread();
    });
    return () => controller.abort();
  }, [id]);
  return { view, error };
}

/** Lines of the services as they come, the newest last; of all without a name. The component that uses it has the names as its key. */
export function useServiceLog(services: readonly string[]): {
  lines: readonly LogLine[];
  error: AppError | undefined;
} {
  const [lines, setLines] = useState<readonly LogLine[]>([]);
  const [error, setError] = useState<AppError>();
  const names = services.join(' ');
  useEffect(() => {
    const controller = new AbortController();
    const chosen = names === '' ? {} : { services: names.split(' ') };
    void followStream(
      client.stream('deploy.logs', { tail: 200, follow: true, ...chosen }, { signal: controller.signal }),
      (events) => setLines((before) => [...before, ...events].slice(-keptLines)),
      controller.signal,
    ).then(setError);
    return () => controller.abort();
  }, [names]);
  return { lines, error };
}

/** What the containers take of the host, measured again and again; undefined before the first time. */
export function useContainerUse(): {
  use: readonly ContainerUse[] | undefined;
  error: AppError | undefined;
} {
  const [use, setUse] = useState<readonly ContainerUse[]>();
  const [error, setError] = useState<AppError>();
  useEffect(() => {
    const controller = new AbortController();
    void followStream(
      client.stream('deploy.use', {}, { signal: controller.signal }),
      (events) => setUse(events.at(-1)),
      controller.signal,
    ).then(setError);
    return () => controller.abort();
  }, []);
  return { use, error };
}
