import { probeHttp } from '../../../adapters/probe/http-probe';
import type { OperatorDesk } from '../../../ports/operator-desk';
import type { Settings } from '../../../ports/settings';
import { AppError } from '#shared/model/errors';
import type { AlertChannelName, AlertConfig } from '#shared/model/health';
import { alertText, alertTitle, type AlertMessage, webhookBody } from './alert-text';

/** Where alerts go. */
export interface Receiver {
  readonly channel: AlertChannelName;
  /** Throws what the operator has to know when it was not taken. */
  send(message: AlertMessage): Promise<void>;
}

const patience = 15_000;

/** The receivers that are set up. */
export function receiversOf(
  settings: Settings,
  { webhookShape, desktop }: Pick<AlertConfig, 'webhookShape' | 'desktop'>,
  desk?: OperatorDesk,
): Receiver[] {
  const webhook = settings.get('HEALTH_WEBHOOK_URL');
  const server = settings.get('HEALTH_SMTP_URL');
  const to = settings.get('HEALTH_MAIL_TO');
  const receivers: Receiver[] = [];
  if (desk !== undefined && desktop) {
    receivers.push({
      channel: 'desktop',
      send: (message) => {
        const [title = '', ...lines] = alertText(message).split('\n');
        desk.notify({ title, text: lines.join('\n').trim() });
        return Promise.resolve();
      },
    });
  }
  if (webhook !== undefined) {
    receivers.push({ channel: 'webhook', send: (message) => sendWebhook(webhook, webhookShape, message) });
  }
  if (server !== undefined && to !== undefined) {
    receivers.push({
      channel: 'mail',
      send: async (message) => {
        // Few send mails, and every start would load the client.
        const { sendMail } = await import('../../../adapters/mail/send-mail');
        await sendMail(server, { to, subject: alertTitle(message), text: `${alertText(message)}\n` });
      },
    });
  }
  return receivers;
}

async function sendWebhook(
  url: string,
  shape: AlertConfig['webhookShape'],
  message: AlertMessage,
): Promise<void> {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new AppError('SETTING_INVALID', 'HEALTH_WEBHOOK_URL is not a web address.', {
      hint: 'Copy the whole address of the webhook, with https:// before it.',
    });
  }
  const answer = await probeHttp(
    {
      url,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: webhookBody(url, shape, message),
    },
    AbortSignal.timeout(patience),
  );
  if (answer.status >= 200 && answer.status < 300) return;
  throw new AppError('ALERT_REFUSED', `The webhook answers with status ${answer.status}.`, {
    hint: 'Check that the webhook still exists, and that its JSON has the shape that it wants.',
    retryable: true,
    details: { said: answer.text.slice(0, 300) },
  });
}
