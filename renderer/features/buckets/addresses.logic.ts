/** As the AWS command line names an object. */
export function s3Address(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}

/** A text as one word of a POSIX shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that saves what an address holds under a plain name in the folder where it runs. */
export function curlCommand(url: string, name: string): string {
  const plain = name.replace(/[^\p{L}\p{N} ._-]/gu, '_').replace(/^[.-]+/, '_');
  return `curl --fail --location --output ${quoted(plain === '' ? 'object' : plain)} ${quoted(url)}`;
}
