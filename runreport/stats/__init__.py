"""Statistics: numbers in, numbers and words out; knows no pandas and no runs.

Where what is, by the question asked. `decide` leads from a declared design to a verdict and uses
the rest; every function names its source.

| question | functions |
|---|---|
| two independent groups | `independent.welch`, `.permutation`, `.brunner_munzel`, `shifts.RankShift` |
| pairs | `paired.paired_t`, `.sign_flip`, `.wilcoxon`, `shifts.SignedRank` |
| folds of one data set | `paired.paired_t` (overlap), `folds.five_by_two_f`, `folds.five_by_two_t`, `folds.correlated_posterior` |
| the same items | `counts.mcnemar_exact`, `.mcnemar_mid_p`, `.mcnemar_chi2`, `.paired_counts`, `.cochran_q`, `items.item_mean`, `items.clustered_error`, `areas.delong`, `corpus.resample_score` |
| many data sets | `ranks.friedman`, `.friedman_from_means`, `.nemenyi_cd`, `.bonferroni_dunn_cd`, `.cliques`, `.sign_test`, `posthoc.shaffer`, `bayes.signed_rank`, `bayes.sign`, `mixed.mixed_model` |
| several groups | `several.dunnett`, `.tukey`, `.games_howell`, `.kruskal`, `letters.compact_letters`, `screen.judge` |
| models x tasks x seeds | `aggregates.aggregate`, `.profile`, `.improvement` |
| experiments | `proportions.sample_ratio`, `.newcombe`, `.wald`, `.score`, `.wilson`, `.pooled_z`, `.boschloo_p`, `experiments.mean_arm`, `.ratio_arm`, `.adjusted_arms`, `.lift` |
| repeated looks | `sequential.anytime`, `.anytime_p`, `.mixture_bound` |
| times to an event | `survival.curve`, `.LogRank`, `.log_rank` |
| effects | `effects.cohens_d`, `.hedges_g`, `.glass_delta`, `.cliffs_delta`, `.superiority`, `.paired_effects`, `.rank_biserial` |
| intervals by resampling | `bootstrap.bca_interval`, `.percentile_interval`, `.bca_batch` |
| the worst of several | `extremes.lowest`, `.highest`, `.gap_of_rows`, `.gap_of_samples` |
| several comparisons | `corrections.adjust`, `.divisors` |
| how many replicates | `power.attained`, `.needed`, `.detectable_paired`, `.detectable_independent`, `.needed_for_chance`, `.smallest_paired_p` |
| params of a search | `association.association`, `importance.importance`, `marginals.Marginals`, `forests.grow`, `space.axis` |
| state of a search | `searching.noise_floor`, `.ahead`, `.expected_best`, `.optimism`, `.fisher_p`, `coverage.largest_hole`, `.centred_discrepancy` |
| selection | `chosen.expected_max`, `.pass_at_k` |
| association | `correlation.spearman`, `.kendall`, `.pearson`, `explained.explained` |
| several criteria at once | `fronts.front`, `.dominates`, `.redraw` |
| two params at once | `surfaces.surface_of` |
| one change at a time | `changes.but_one`, `.together`, `.carried`, `.nearest`, `.noise`, `.moderation` |
| equivalence | `student.Estimate.equivalence_p` and that of every other `student.Tester` |
"""  # noqa: E501 - rows of a table
