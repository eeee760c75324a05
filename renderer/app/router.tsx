import {
  createHashHistory,
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Link,
} from '@tanstack/react-router';
import { z } from 'zod';
import { ConnectionsPage } from '../features/connections/connections-page';
import { MigrationPage } from '../features/migration/migration-page';
import { useMigrationView } from '../features/migration/view-store';
import { OverviewPage } from '../features/overview/overview-page';
import { Card } from '../ui/card';
import { ErrorPanel } from '../ui/error-panel';
import { PageBody, PageHeader } from '../ui/page-header';
import { bucketNameSchema, sideSchema } from '#shared/model/buckets';
import { toErrorShape } from '#shared/model/errors';
import { Frame } from './frame';

function NoSuchPage() {
  return (
    <>
      <PageHeader title="Not found" />
      <PageBody>
        <Card title="There is no such page" padded>
          <Link to="/">Open Overview</Link>
        </Card>
      </PageBody>
    </>
  );
}

function BrokenPage({ error }: { error: unknown }) {
  return (
    <PageBody>
      <ErrorPanel error={toErrorShape(error)} retry={() => location.reload()} />
    </PageBody>
  );
}

const root = createRootRoute({ component: Frame, notFoundComponent: NoSuchPage, errorComponent: BrokenPage });
const overview = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: () => <OverviewPage prepareMigration={() => useMigrationView.getState().prepare()} />,
});
const migration = createRoute({
  getParentRoute: () => root,
  path: '/migration',
  component: MigrationPage,
  validateSearch: z.object({ run: z.string().optional().catch(undefined) }),
});
const health = createRoute({
  getParentRoute: () => root,
  path: '/health',
  component: lazyRouteComponent(() => import('../features/health/health-page'), 'HealthPage'),
  validateSearch: z.object({
    service: z.string().optional().catch(undefined),
    wall: z.boolean().optional().catch(undefined),
  }),
});
const load = createRoute({
  getParentRoute: () => root,
  path: '/health/load',
  component: lazyRouteComponent(() => import('../features/health/load-page'), 'LoadPage'),
});
const users = createRoute({
  getParentRoute: () => root,
  path: '/users',
  component: lazyRouteComponent(() => import('../features/users/users-page'), 'UsersPage'),
});
const links = createRoute({
  getParentRoute: () => root,
  path: '/migration/links',
  component: lazyRouteComponent(() => import('../features/migration/links-page'), 'LinksPage'),
});
const access = createRoute({
  getParentRoute: () => root,
  path: '/migration/access',
  component: lazyRouteComponent(() => import('../features/migration/access-page'), 'AccessPage'),
});
const exposure = createRoute({
  getParentRoute: () => root,
  path: '/migration/exposure',
  component: lazyRouteComponent(() => import('../features/migration/exposure-page'), 'ExposurePage'),
});
const schema = createRoute({
  getParentRoute: () => root,
  path: '/migration/schema',
  component: lazyRouteComponent(() => import('../features/migration/schema-page'), 'SchemaPage'),
});
const activity = createRoute({
  getParentRoute: () => root,
  path: '/activity',
  component: lazyRouteComponent(() => import('../features/activity/activity-page'), 'ActivityPage'),
});
const buckets = createRoute({
  getParentRoute: () => root,
  path: '/buckets',
  component: lazyRouteComponent(() => import('../features/buckets/buckets-page'), 'BucketsPage'),
  validateSearch: z.object({
    side: z
      .enum([...sideSchema.options, 'both'])
      .optional()
      .catch(undefined),
    bucket: bucketNameSchema.optional().catch(undefined),
    prefix: z.string().optional().catch(undefined),
    object: z.string().optional().catch(undefined),
  }),
});
const deploy = createRoute({
  getParentRoute: () => root,
  path: '/deploy',
  component: lazyRouteComponent(() => import('../features/deploy/deploy-page'), 'DeployPage'),
});
const connections = createRoute({
  getParentRoute: () => root,
  path: '/connections',
  component: ConnectionsPage,
});

/** Addresses are behind a `#`, so the page works the same from a file, a protocol of the shell and a server. */
export const router = createRouter({
  routeTree: root.addChildren([
    overview,
    migration,
    links,
    access,
    exposure,
    schema,
    users,
    buckets,
    health,
    load,
    deploy,
    activity,
    connections,
  ]),
  history: createHashHistory(),
  defaultErrorComponent: BrokenPage,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
