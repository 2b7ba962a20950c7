import { CameraOutlined, FilePdfOutlined, FileImageOutlined } from '@ant-design/icons';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Card, Image, Select } from 'antd';
import { useState } from 'react';
import { api, told } from '../api/client';
import type { AttachmentLine, PhotoPurpose, Visibility } from '../api/client';
import { Problem } from '../api/problems';
import { useSend } from '../api/sending';
import { screensOf, useSession } from '../api/session';
import { useWords } from '../words/words';
import { FilePick, keepable } from './FilePick';
import { Moment } from './Moment';
import { RemoveFile } from './RemoveFile';
import { Trouble } from './Trouble';

type Subject = { requestId: string; workOrderId?: never } | { workOrderId: string; requestId?: never };

const shown = ['image/jpeg', 'image/png', 'image/webp'];
const content = (f: AttachmentLine) => `/api/attachments/${f.attachmentId}/content`;

/** The photos and files of a request or an order; more are added where the API allows it. */
export function Files({ of, mayAdd, demanded = [], zone, changed }: { of: Subject; mayAdd: boolean; demanded?: PhotoPurpose[]; zone: string; changed: () => void }) {
  const { t, word } = useWords();
  const client = useQueryClient();
  const key = ['files', of.requestId ?? of.workOrderId];
  const files = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => of.requestId
      ? told(api.GET('/api/requests/{requestId}/attachments', { params: { path: { requestId: of.requestId } }, signal }))
      : told(api.GET('/api/work-orders/{workOrderId}/attachments', { params: { path: { workOrderId: of.workOrderId! } }, signal })),
  });
  const list = files.data ?? [];
  const again = () => {
    void client.invalidateQueries({ queryKey: key });
    changed();
  };
  if (!mayAdd && !files.isError && list.length === 0) return null;
  return (
    <Card title={t('request.files')} data-part="files">
      <div className="stack">
        {files.isError && <Trouble problem={Problem.from(files.error)} retry={() => void files.refetch()} />}
        {list.length > 0 && (
          <Image.PreviewGroup>
            <div className="files">
              {list.map((f) => (
                <figure key={f.attachmentId}>
                  {shown.includes(f.mediaType) ? <Image src={content(f)} alt={f.fileName} width={96} height={96} loading="lazy" /> : <a className="file" href={content(f)} target="_blank" rel="noreferrer">{f.mediaType === 'application/pdf' ? <FilePdfOutlined /> : <FileImageOutlined />}<span>{f.fileName}</span></a>}
                  <figcaption className="quiet">{word('photoPurpose', f.purpose)} · {word('visibility', f.visibility)} <Moment at={f.uploadedAt} zone={zone} brief /> <RemoveFile file={f} removed={again} /></figcaption>
                </figure>
              ))}
            </div>
          </Image.PreviewGroup>
        )}
        {mayAdd && (
          <Add
            of={of}
            first={demanded.find((p) => !list.some((f) => f.purpose === p)) ?? 'other'}
            done={again}
          />
        )}
      </div>
    </Card>
  );
}

/** One file after the other; what could not be sent stays chosen, and is sent again under its own key. */
function Add({ of, first, done }: { of: Subject; first: PhotoPurpose; done: () => void }) {
  const { t, options } = useWords();
  const [purpose, setPurpose] = useState<PhotoPurpose>();
  const [visibility, setVisibility] = useState<Visibility>('crew');
  const [waiting, setWaiting] = useState<File>();
  const chosen = purpose ?? first;
  const session = useSession();
  const desk = !!session.data && screensOf(session.data).desk;
  const sending = useSend<File, unknown>(
    (file, header) => {
      const query = { purpose: chosen, visibility, fileName: file.name.slice(-100) };
      const raw = { body: file as never, bodySerializer: (body: unknown) => body as File, headers: { 'Content-Type': 'application/octet-stream' } };
      return of.requestId
        ? told(api.POST('/api/requests/{requestId}/attachments', { params: { path: { requestId: of.requestId }, query, header }, ...raw }))
        : told(api.POST('/api/work-orders/{workOrderId}/attachments', { params: { path: { workOrderId: of.workOrderId! }, query, header }, ...raw }));
    },
    () => {
      setWaiting(undefined);
      setPurpose(undefined);
      done();
    },
  );
  const take = (file: File) => {
    setWaiting(file);
    void sending.send(file);
  };
  return (
    <>
      <div className="row">
        <Select value={chosen} onChange={setPurpose} options={options('photoPurpose')} style={{ minWidth: 110 }} aria-label={t('request.files')} />
        <Select value={visibility} onChange={setVisibility} options={options('visibility').filter((o) => desk || o.value !== 'desk')} style={{ minWidth: 110 }} aria-label={t('moves.visibility')} data-field="visibility" />
        <FilePick icon={<CameraOutlined />} loading={sending.pending} accept={keepable} choose={take} data-act="attach">{t('moves.attach')}</FilePick>
      </div>
      <Trouble problem={sending.problem} retry={waiting && (() => void sending.send(waiting))} />
    </>
  );
}
