import type { PanelServiceId } from '#shared/model/easypanel';

/** As the panel's own addresses name it. */
export const serviceName = ({ project, service }: PanelServiceId): string => `${project}/${service}`;

/** The panel's word for a kind of service. */
export function kindLooks(type: string): string {
  if (type === 'app') return 'App';
  return type === 'compose' ? 'Compose' : type;
}
