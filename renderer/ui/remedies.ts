import type { ErrorCode } from '#shared/model/errors';

/** What the page offers for a failure. */
export interface Remedy {
  /** The situation in a few words. */
  title: string;
  /** What the operator does next; the error's own hint may be more exact and then stands before it. */
  todo: string;
  /** A place in the page that helps. */
  action?: 'open-connections' | 'show-run' | 'choose-passphrase';
}

const connections = 'open-connections' as const;

/** A remedy for every code, so no failure stands without a way on. */
export const remedies: Record<ErrorCode, Remedy> = {
  INVALID_INPUT: { title: 'The input was not accepted', todo: 'Correct the input and try again.' },
  SETTING_MISSING: { title: 'A setting is missing', todo: 'Enter it in Connections.', action: connections },
  SETTING_INVALID: {
    title: 'A setting is not valid',
    todo: 'Correct it in Connections.',
    action: connections,
  },
  NOT_FOUND: { title: 'Not found', todo: 'It may have been removed. Reload the page.' },
  CANCELLED: { title: 'Cancelled', todo: 'Nothing further happens until you start or resume.' },
  TIMED_OUT: {
    title: 'No answer in time',
    todo: 'Check the service and the network between, then try again.',
  },
  INTERNAL: {
    title: 'A defect in Cutover',
    todo: 'Copy the details and report them. What was written so far stays in the journal.',
  },
  CONNECTION_LOST: {
    title: 'The connection to Cutover was lost',
    todo: 'Check that Cutover still runs, then reload the page. A run goes on without the page.',
  },

  WORKSPACE_NOT_OPEN: {
    title: 'No workspace is open',
    todo: 'Open or create one with the switcher at the top left.',
  },
  WORKSPACE_NOT_FOUND: {
    title: 'The workspace folder is not there',
    todo: 'Check the path, or create a new workspace.',
  },
  WORKSPACE_UNREADABLE: {
    title: 'The workspace cannot be read',
    todo: 'Check the permissions of the folder and that workspace.json is intact.',
  },
  WORKSPACE_EXISTS: {
    title: 'A workspace is already there',
    todo: 'Open the existing one, or choose another folder.',
  },
  SECRETS_LOCKED: {
    title: 'The secrets are locked',
    todo: 'Enter the passphrase of this workspace.',
    action: 'choose-passphrase',
  },
  SECRETS_PASSPHRASE_WRONG: {
    title: 'The passphrase is not the right one',
    todo: 'Try again. Without it the stored secrets have to be entered anew.',
  },
  SECRETS_STORE_UNAVAILABLE: {
    title: 'Secrets cannot be stored safely here',
    todo: 'Use a passphrase, or pass the secrets in the environment.',
  },
  DISK_FULL_LOCAL: { title: 'This machine’s disk is full', todo: 'Free some space, then resume.' },

  HOST_NOT_FOUND: {
    title: 'The host name does not exist',
    todo: 'Check the spelling and the DNS of this machine.',
    action: connections,
  },
  HOST_UNREACHABLE: {
    title: 'The host cannot be reached',
    todo: 'Check the address, firewalls and a VPN or tunnel that it may need.',
    action: connections,
  },
  CONNECTION_REFUSED: {
    title: 'Nothing listens there',
    todo: 'Check the port, and that the service runs.',
    action: connections,
  },
  TLS_UNTRUSTED: {
    title: 'The certificate is not trusted',
    todo: 'Check the host name and that the certificate has not expired. Install the authority of a private certificate on this machine.',
    action: connections,
  },

  DATABASE_AUTH_FAILED: {
    title: 'The database refused the login',
    todo: 'Check user and password in the connection URL.',
    action: connections,
  },
  DATABASE_NOT_FOUND: {
    title: 'The database does not exist',
    todo: 'Check the name at the end of the connection URL.',
    action: connections,
  },
  DATABASE_PERMISSION_DENIED: {
    title: 'The database role may not do this',
    todo: 'Grant the role what is missing, or use another one.',
    action: connections,
  },
  DATABASE_TOO_MANY_CONNECTIONS: {
    title: 'The database has no free connection',
    todo: 'Close other clients or raise the limit, then resume.',
  },
  DATABASE_VERSION_UNSUPPORTED: {
    title: 'This PostgreSQL version is not supported',
    todo: 'See the documentation for the versions that are.',
  },
  DATABASE_SHUTTING_DOWN: {
    title: 'The database is restarting',
    todo: 'Wait until it is up again, then resume.',
  },
  DATABASE_STATEMENT_FAILED: {
    title: 'The database refused a statement',
    todo: 'Read the message, correct the cause, then resume.',
  },
  SOURCE_LOST: { title: 'The source went away', todo: 'Bring it back, then resume. Finished work is kept.' },
  TARGET_LOST: { title: 'The target went away', todo: 'Bring it back, then resume. Finished work is kept.' },
  TARGET_NOT_EMPTY: {
    title: 'The target is not empty',
    todo: 'Cutover does not overwrite. Use an empty project, or remove what is named here, and plan again.',
  },
  TARGET_DISK_FULL: {
    title: 'The target’s disk is full',
    todo: 'Enlarge it, then resume. Finished work is kept.',
  },
  TARGET_READ_ONLY: {
    title: 'The target accepts reads only',
    todo: 'Supabase does this when the disk is nearly full. Enlarge it, then resume.',
  },
  SUPABASE_DIRECT_HOST_NEEDS_IPV6: {
    title: 'This host is reachable over IPv6 only',
    todo: 'Use the session pooler’s URL (port 5432) as database URL.',
    action: connections,
  },
  SUPABASE_TRANSACTION_POOLER: {
    title: 'This is the transaction pooler',
    todo: 'Use the session pooler or the direct connection (port 5432).',
    action: connections,
  },
  SCHEMA_DUMP_FAILED: {
    title: 'The schema could not be read',
    todo: 'Check that the source role may read every schema, then try again.',
  },
  SCHEMA_ENTRY_FAILED: {
    title: 'A part of the schema could not be created',
    todo: 'Read the message, correct the source or the target, then resume.',
  },

  SUPABASE_KEY_REFUSED: {
    title: 'Supabase refused the key',
    todo: 'Check that the key belongs to this project and was not revoked.',
    action: connections,
  },
  SUPABASE_AUTH_UNAVAILABLE: {
    title: 'Supabase Auth does not answer',
    todo: 'Check that the project is not paused, then try again.',
  },
  USERS_TABLE_NOT_FOUND: {
    title: 'No table of users was found',
    todo: 'Leave users out, or check that the source role may read the table.',
  },
  USERS_MAPPING_INVALID: {
    title: 'The mapping of the users does not fit',
    todo: 'Correct the mapping, or take it back to use what Cutover finds by itself.',
  },
  USERS_CONFLICT: {
    title: 'Users are already on the target',
    todo: 'Remove them on the target or leave users out, and plan again.',
  },
  USERS_PATH_LIMIT: {
    title: 'This way to the users cannot do that',
    todo: 'Add what is missing in Connections: the database connection or the secret key.',
    action: connections,
  },
  USER_EXISTS: {
    title: 'Another user has that already',
    todo: 'Use another address or number, or change that user.',
  },
  USER_REFUSED: {
    title: 'The service refused the change',
    todo: 'Correct the value and try again. Nothing was changed.',
  },
  USER_CHANGED: {
    title: 'Somebody else has changed this user',
    todo: 'Look at the user as it is now, then change it again.',
  },
  USER_DELETE_BLOCKED: {
    title: 'Other rows still need this user',
    todo: 'Delete or re-assign those rows first, or delete the user softly.',
  },
  USER_OUTCOME_UNKNOWN: {
    title: 'It is not known whether this was done',
    todo: 'Reload the user and look before you try again.',
  },
  SUPABASE_AUTH_THROTTLED: {
    title: 'Supabase Auth asks for fewer requests',
    todo: 'Wait a minute, then try again.',
  },

  OBJECTS_AUTH_FAILED: {
    title: 'The object store refused the key',
    todo: 'Check access key and secret key.',
    action: connections,
  },
  OBJECTS_PERMISSION_DENIED: {
    title: 'The key may not do this',
    todo: 'Give the key the right to list and read (source) or to write (target).',
    action: connections,
  },
  OBJECTS_BUCKET_NOT_FOUND: {
    title: 'A bucket does not exist',
    todo: 'Check the list of buckets in Connections.',
    action: connections,
  },
  OBJECTS_BUCKET_NAME_REFUSED: {
    title: 'The bucket name is not allowed on the target',
    todo: 'Give the bucket another name on R2 in Connections.',
    action: connections,
  },
  OBJECTS_CHANGED_DURING_COPY: {
    title: 'An object changed while it was copied',
    todo: 'Resume: the object is copied again.',
  },
  OBJECTS_DAMAGED: {
    title: 'An object arrived damaged',
    todo: 'Resume: the object is copied again. If it stays, check the source’s disk.',
  },
  OBJECTS_THROTTLED: {
    title: 'The object store asks to slow down',
    todo: 'Wait a few minutes, then resume.',
  },
  OBJECTS_FAILED: { title: 'The object store failed', todo: 'Check its state, then resume.' },
  OBJECTS_QUOTA_EXCEEDED: { title: 'The object store is full', todo: 'Raise the quota, then resume.' },

  SSH_HOST_KEY_CHANGED: {
    title: 'The host shows another key',
    todo: 'Do not go on until you know why. If the host was rebuilt, enter the new fingerprint in Connections.',
    action: connections,
  },
  SSH_HOST_KEY_UNKNOWN: {
    title: 'The host’s key is not known yet',
    todo: 'Compare the fingerprint on the host itself, then enter it in Connections.',
    action: connections,
  },
  SSH_AUTH_FAILED: {
    title: 'The host refused the login',
    todo: 'Check the user, and that the public key is on the host.',
    action: connections,
  },
  SSH_KEY_UNREADABLE: {
    title: 'The private key cannot be read',
    todo: 'Check the path and the permissions of the key file.',
    action: connections,
  },
  SSH_FAILED: {
    title: 'The SSH connection failed',
    todo: 'Check host, port and firewall.',
    action: connections,
  },
  SSH_FORWARDING_REFUSED: {
    title: 'The host does not connect to its Docker socket',
    todo: 'Check the path of the socket and AllowStreamLocalForwarding in sshd_config.',
    action: connections,
  },

  DOCKER_UNAVAILABLE: {
    title: 'Docker does not answer on the host',
    todo: 'Start the Docker service on the host, then try again.',
  },
  DOCKER_PERMISSION_DENIED: {
    title: 'The user may not use Docker on the host',
    todo: 'Add the user to the group docker on the host, or sign in as another user.',
    action: connections,
  },
  DOCKER_FAILED: { title: 'Docker refused the request', todo: 'Read what Docker says, then try again.' },
  HOST_COMMAND_FAILED: {
    title: 'A command failed on the host',
    todo: 'Read what it printed, then try again.',
  },
  HOST_DISK_FULL: { title: 'The host’s disk is full', todo: 'Free some space on the host, then try again.' },
  SWARM_INACTIVE: {
    title: 'The host is not a Swarm manager',
    todo: 'Let Cutover initialise Swarm, or run docker swarm init on the host.',
  },
  COMPOSE_INVALID: { title: 'The compose file can’t be deployed', todo: 'Correct what the message names.' },
  IMAGE_NOT_FOUND: {
    title: 'An image can’t be found',
    todo: 'Check its name and tag, and that it was pushed.',
  },
  REGISTRY_AUTH_FAILED: {
    title: 'The registry refused the host',
    todo: 'Run docker login for this registry on the host, then try again.',
  },
  PORT_TAKEN: { title: 'A port is taken on the host', todo: 'Free the port, or publish another one.' },
  RELEASE_LOCKED: {
    title: 'Another deployment is under way',
    todo: 'Wait until it has ended, then try again.',
  },
  RELEASE_NOT_FOUND: { title: 'This release is not kept', todo: 'Choose one from the list of releases.' },
  RELEASE_FAILED: {
    title: 'The release did not become healthy',
    todo: 'Read the log of the service that failed.',
  },
  RELEASE_ROLLED_BACK: {
    title: 'The release failed and was rolled back',
    todo: 'The release before it serves again. Read the log of the service that failed.',
  },
  RELEASE_UNREACHABLE: {
    title: 'The release runs, but its address does not answer',
    todo: 'Check the domain and the proxy’s route to the service.',
  },
  EASYPANEL_UNAVAILABLE: {
    title: 'Easypanel does not answer on the host',
    todo: 'Check that the panel runs, and the port in the settings.',
    action: connections,
  },
  EASYPANEL_TOKEN_REFUSED: {
    title: 'Easypanel does not accept the token',
    todo: 'Make a new one in the panel, and set it.',
    action: connections,
  },
  EASYPANEL_FAILED: {
    title: 'Easypanel refused',
    todo: 'Read what it says; the panel shows the service as it is.',
  },

  ALERT_REFUSED: {
    title: 'Alerts are not taken',
    todo: 'Check the address and the sign-in of the receiver in the health settings.',
  },
  LOAD_NEEDS_CONSENT: {
    title: 'This host is not in your settings',
    todo: 'Type its name if it is yours to load; otherwise choose an address of yours.',
  },
  LOAD_ROUTE_FAILS: {
    title: 'A route fails without any load',
    todo: 'Correct the route or the token, or see to the service first.',
  },
  LOAD_RUNNING: {
    title: 'A load check is under way',
    todo: 'Wait until it has ended, or stop it.',
  },

  PLAN_CHANGED: {
    title: 'The situation has changed since the plan',
    todo: 'Plan again and read the new plan.',
  },
  RUN_LOCKED: {
    title: 'Another process works on this run',
    todo: 'Watch it here, or cancel it there first.',
    action: 'show-run',
  },
  RUN_NOT_RUNNING: {
    title: 'The run is not under way',
    todo: 'It may have ended meanwhile. Its state is shown here.',
  },
  RUN_NOT_RESUMABLE: { title: 'This run cannot be resumed', todo: 'Start a new one.' },
  RUN_HEADER_MISMATCH: {
    title: 'Source, target or version differ from the run’s start',
    todo: 'Restore what the message names, or start a new run.',
  },
  JOURNAL_DAMAGED: {
    title: 'The journal is damaged',
    todo: 'Start a new run on an empty target. Keep the journal for a report.',
  },
  VERIFICATION_DIFFERS: {
    title: 'Source and target differ',
    todo: 'See the differing rows of the evidence. If the source was written to meanwhile, start a new run on an empty target.',
  },
  PRACTICE_UNAVAILABLE: {
    title: 'The practice environment is not available',
    todo: 'It comes with the source checkout: npx cutover practice.',
  },
};
