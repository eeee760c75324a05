/** Of the stores on loopback that are measured against. */
export const keys = { accessKeyId: 'bench', secretAccessKey: 'bench-secret' };
