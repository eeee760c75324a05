import { createObjectsService, type ObjectsService } from '#core/services/objects/objects-service';
import type { ObjectPorts } from '#core/ports/objects';
import type { NewActivity } from '#shared/model/activity';

/** The objects service over open ports; what it records goes into `acts`. */
export function objectsServiceOver(ports: ObjectPorts, acts: NewActivity[] = []): ObjectsService {
  return createObjectsService({
    withPorts: (work) => work(ports),
    activity: {
      record: (act) => {
        acts.push(act);
        return Promise.resolve();
      },
      list: () => Promise.resolve({ entries: [] }),
    },
  });
}
