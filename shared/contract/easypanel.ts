import { z } from 'zod';
import {
  panelDomainSchema,
  panelServiceIdSchema,
  panelViewSchema,
  variableChangeSchema,
} from '../model/easypanel';
import { call } from '../rpc/define';

/** An environment file on the machine of the core; absent: that of the release in the workspace. */
const environmentSchema = z.object({ target: panelServiceIdSchema, file: z.string().optional() });

export const easypanelContract = {
  'easypanel.list': call(z.object({}), panelViewSchema),
  'easypanel.planEnvironment': call(environmentSchema, z.array(variableChangeSchema)),
  'easypanel.setEnvironment': call(environmentSchema, z.array(variableChangeSchema)),
  'easypanel.addDomain': call(
    z.object({ target: panelServiceIdSchema, domain: panelDomainSchema }),
    z.object({}),
  ),
};
