import { Alert, App, Button, Card, Table, Tag } from 'antd';
import { useState } from 'react';
import { api, told } from '../../api/client';
import type { PlaceChange, PlaceImport, PlaceWords, RefusedLine } from '../../api/client';
import { useSend } from '../../api/sending';
import { csv, download } from '../../kit/csv';
import { FilePick, sheets } from '../../kit/FilePick';
import { Trouble, useSentence } from '../../kit/Trouble';
import { useWords } from '../../words/words';

const raw = (file: File) => ({ body: file as never, bodySerializer: (body: unknown) => body as File, headers: { 'Content-Type': 'application/octet-stream' } });

/** Places of a file: looked at first, taken over when what would come of it was seen. */
export function PlaceImportCard({ communityId, done }: { communityId: string; done: () => void }) {
  const { t, word } = useWords();
  const say = useSentence();
  const { message } = App.useApp();
  const [file, setFile] = useState<File>();
  const [seen, setSeen] = useState<PlaceImport>();
  const params = { path: { communityId } };
  const look = useSend<File, PlaceImport>((f) => told(api.POST('/api/communities/{communityId}/places/import/trials', { params, ...raw(f) })), setSeen);
  const take = useSend<File, PlaceImport>(
    (f, header) => told(api.POST('/api/communities/{communityId}/places/import', { params: { ...params, header }, ...raw(f) })),
    (reply) => {
      void message.success(t('masters.imported', { made: reply.made, changed: reply.changed }));
      setFile(undefined);
      setSeen(undefined);
      done();
    },
  );
  const choose = (chosen: File) => {
    take.forget();
    setSeen(undefined);
    setFile(chosen);
    void look.send(chosen);
  };
  const words = (w: PlaceWords) => [w.name, w.nameEn, w.code].filter(Boolean).join(' · ');
  const anything = !!seen && seen.made + seen.changed > 0;
  return (
    <Card title={t('masters.import')} data-part="import-places">
      <div className="stack">
        <p className="quiet">{t('masters.importHint')}</p>
        <div className="row">
          <FilePick type={seen ? 'default' : 'primary'} loading={look.pending} accept={sheets} choose={choose} data-act="choose-file">{t('masters.chooseFile')}</FilePick>
          <Button onClick={() => download('places.csv', csv([['fullCode', 'parent', 'kind', 'code', 'name', 'nameEn'], ...example.map((line) => line.map((cell) => cell))]))}>{t('masters.example')}</Button>
          {file && <span className="quiet">{file.name}</span>}
        </div>
        <Trouble problem={look.problem ?? take.problem} retry={file && look.problem ? () => void look.send(file) : undefined} />
        {seen && (
          <>
            <div className="row" data-part="import-report">
              <Tag color="green">{t('masters.wouldMake', { count: seen.made })}</Tag>
              <Tag color="blue">{t('masters.wouldChange', { count: seen.changed })}</Tag>
              <Tag>{t('masters.wouldStay', { count: seen.same })}</Tag>
              {seen.refusedLines > 0 && <Tag color="red">{t('masters.wouldRefuse', { count: seen.refusedLines })}</Tag>}
              <span className="quiet">{seen.madeOfKind.map((k) => `${word('placeKind', k.kind)} ${k.count}`).join(' · ')}</span>
            </div>
            {seen.refusedLines > 0 ? <Alert type="error" showIcon title={t('masters.allOrNothing')} /> : !anything && <Alert type="info" showIcon title={t('masters.nothingToDo')} />}
            {seen.refusals.length > 0 && (
              <Table<RefusedLine>
                size="small" rowKey={(r) => `${r.line} ${r.column} ${r.code}`} dataSource={[...seen.refusals]} pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }} scroll={{ x: true }}
                columns={[
                  { title: t('masters.line'), dataIndex: 'line', align: 'right' },
                  { title: t('masters.column'), dataIndex: 'column' },
                  { title: t('masters.value'), dataIndex: 'value' },
                  { title: t('masters.wrong'), render: (_, r) => <span data-code={r.code}>{say(r.code, r.sentence)}</span> },
                ]}
              />
            )}
            {seen.changes.length > 0 && (
              <Table<PlaceChange>
                size="small" rowKey="line" dataSource={[...seen.changes]} pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }} scroll={{ x: true }}
                columns={[
                  { title: t('masters.line'), dataIndex: 'line', align: 'right' },
                  { title: t('masters.fullCode'), dataIndex: 'fullCode' },
                  { title: t('masters.was'), render: (_, c) => words(c.was) },
                  { title: t('masters.becomes'), render: (_, c) => words(c.becomes) },
                ]}
              />
            )}
            {anything && seen.refusedLines === 0 && file && (
              <div><Button type="primary" loading={take.pending} onClick={() => void take.send(file)} data-act="take-places">{t('masters.takeOver')}</Button></div>
            )}
          </>
        )}
      </div>
    </Card>
  );
}

const example = [
  ['3', '', 'building', '', '3栋', 'Building 3'],
  ['3-1', '3', 'entrance', '1', '3栋1单元', 'Building 3, entrance 1'],
  ['3-1-101', '3-1', 'home', '', '3栋1单元101', ''],
  ['3-1-lobby', '3-1', 'commonArea', 'lobby', '大堂', 'Lobby'],
  ['P-001', '', 'parkingSpace', '', '车位001', 'Parking space 001'],
];
