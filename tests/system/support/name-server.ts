import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Records by type and name: `A shop.example`. */
export type NameRecords = Map<string, readonly string[]>;

const types = new Map([
  [1, 'A'],
  [2, 'NS'],
]);
const questionStart = 12;

/** A name server at port 53 of a loopback address, which answers from records that a test may change. Needs root. */
export async function startNameServer(address: string, records: NameRecords): Promise<() => Promise<void>> {
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answerTo(query, records), from.port, from.address));
  socket.bind(53, address);
  await once(socket, 'listening');
  return async () => {
    socket.close();
    await once(socket, 'close');
  };
}

/** https://www.rfc-editor.org/rfc/rfc1035#section-4 */
function answerTo(query: Buffer, records: NameRecords): Buffer {
  const labels: string[] = [];
  let at = questionStart;
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  const question = query.subarray(questionStart, at + 5);
  const type = types.get(query.readUInt16BE(at + 1)) ?? '';
  const values = records.get(`${type} ${labels.join('.').toLowerCase()}`) ?? [];
  const header = Buffer.alloc(questionStart);
  query.copy(header, 0, 0, 2);
  // An answer with authority; without a value: no such name.
  header.writeUInt16BE(values.length > 0 ? 0x8580 : 0x8583, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(values.length, 6);
  const answers = values.map((value) => {
    const data = type === 'A' ? Buffer.from(value.split('.').map(Number)) : encodeName(value);
    const head = Buffer.alloc(12);
    // The name of the question again.
    head.writeUInt16BE(0xc000 + questionStart, 0);
    head.writeUInt16BE(type === 'A' ? 1 : 2, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(1, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, question, ...answers]);
}

function encodeName(name: string): Buffer {
  const labels = name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)]));
  return Buffer.concat([...labels, Buffer.from([0])]);
}
