// The list of communications on screen: read by pages, changed by what the server tells, read again after a break.
import { useFollow, useSurroundings } from "../connection/context";
import { readProblem } from "../connection/problem";
import { type Pages, useAnswers } from "../connection/use-pages";
import {
  CampaignCommunicationsDocument,
  CommunicationChangedDocument,
  CommunicationsDocument,
} from "../generated/operations";
import { change, fits, type ListChoice, type Listed } from "./listing";

export type Listing = Pages<Listed, object>;

/** Returns the list that fits a choice; within a campaign, what that holds. */
export function useListing(choice: ListChoice, campaignId: string | null): Listing {
  const { connection } = useSurroundings();
  const { client } = connection;
  const { search, state } = choice;
  const listing = useAnswers<object, Listed>(JSON.stringify([search, state, campaignId]), async (first, after) => {
    const page = { first, after };
    const { data, error } = campaignId
      ? await client.query(CampaignCommunicationsDocument, { id: campaignId, ...page }).toPromise()
      : await client
          .query(CommunicationsDocument, { ...page, search: search || null, state: state ? [state] : null })
          .toPromise();
    const holder = data && ("communications" in data ? data : data.communication);
    return holder && !error ? { data, page: holder.communications } : { problem: readProblem(error) };
  });
  useFollow(
    connection,
    CommunicationChangedDocument,
    {},
    {
      next: ({ communicationChanged: changed }) => {
        const belongs = (changed.campaign?.id ?? null) === campaignId && fits(changed, choice);
        listing.revise((rows) => change(rows, changed, belongs));
      },
      resumed: listing.again,
    },
  );
  return listing;
}
