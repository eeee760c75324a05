import { createTransport } from 'nodemailer';
import { AppError } from '#shared/model/errors';

export interface Mail {
  /** One or several addresses, separated by commas; the first is the sender as well. */
  to: string;
  subject: string;
  text: string;
}

const patience = 15_000;

/**
 * Sends a mail through an SMTP server. `smtps:` is TLS from the beginning; `smtp:` has to change to TLS unless it is on this machine.
 * Throws `ALERT_REFUSED` and the network's codes.
 */
export async function sendMail(serverUrl: string, mail: Mail): Promise<void> {
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : undefined;
  if (url === undefined || !['smtp:', 'smtps:'].includes(url.protocol)) {
    throw new AppError('SETTING_INVALID', 'HEALTH_SMTP_URL is not an SMTP address.', {
      hint: 'Write it as smtps://user:password@mail.example.com:465. Characters such as @ in the password are written as %40.',
    });
  }
  const secure = url.protocol === 'smtps:';
  const transport = createTransport({
    host: url.hostname,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    requireTLS: !['localhost', '127.0.0.1', '[::1]'].includes(url.hostname),
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: patience,
    greetingTimeout: patience,
    socketTimeout: patience,
  });
  const [from = mail.to] = mail.to.split(',');
  try {
    await transport.sendMail({ from: from.trim(), ...mail });
  } catch (error) {
    throw classifyMailError(error, url.host);
  } finally {
    transport.close();
  }
}

function classifyMailError(error: unknown, host: string): AppError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const make = (kind: AppError['code'], text: string, hint: string) =>
    new AppError(kind, text, { hint, retryable: true, details: { code, said: message } });
  if (code === 'EAUTH') {
    return make(
      'ALERT_REFUSED',
      `The mail server ${host} refuses the sign-in.`,
      'Check user and password in HEALTH_SMTP_URL; many providers want a password made for applications.',
    );
  }
  if (/ENOTFOUND|EAI_/.test(message) || code === 'EDNS') {
    return make('HOST_NOT_FOUND', `The name of ${host} can’t be resolved.`, 'Check HEALTH_SMTP_URL.');
  }
  if (message.includes('ECONNREFUSED')) {
    return make(
      'CONNECTION_REFUSED',
      `The mail server ${host} refuses connections.`,
      'Check host and port in HEALTH_SMTP_URL; many networks block port 25.',
    );
  }
  if (code === 'ETLS' || /certificate|self.signed/i.test(message)) {
    return make(
      'TLS_UNTRUSTED',
      `There is no trusted connection to the mail server ${host}.`,
      'Use the name that is on its certificate, and smtps: for port 465 or smtp: for port 587.',
    );
  }
  if (code === 'ETIMEDOUT' || code === 'ECONNECTION' || code === 'ESOCKET') {
    return make(
      'HOST_UNREACHABLE',
      `The mail server ${host} gave no answer.`,
      'Check host and port in HEALTH_SMTP_URL, and that no firewall is between.',
    );
  }
  return make(
    'ALERT_REFUSED',
    `The mail server ${host} does not take the mail.`,
    'Check HEALTH_MAIL_TO: the server must let this sender send to these addresses.',
  );
}
