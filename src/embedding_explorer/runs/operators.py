"""Kinds of operations, by which a drawing of a graph colours its nodes: TensorFlow's names, mostly in lower case."""

from typing import Any

CONVOLUTION = """
conv1d conv1d_transpose conv2d conv2d_transpose conv2dbackpropfilter conv2d_backprop_filter conv2dbackpropinput
conv2d_backprop_input conv2dtranspose conv3d conv3d_transpose conv3dtranspose convolution _convolution depthwise_conv2d
depthwiseconv2d depthwise_conv2d_native depthwiseconv2dnative atrous_conv2d atrousconv2d atrous_conv2d_transpose
separable_conv2d separableconv2d dilation2d erosion2d deconv2d
"""
NORMALIZATION = """
batch_norm batchnorm batch_normalization batchnormalization fused_batch_norm fusedbatchnorm fusedbatchnormv2
fusedbatchnormv3 layer_norm layernorm layer_normalization layernormalization instance_norm instancenorm group_norm
groupnorm l2_normalize l2normalize local_response_normalization lrn moments normalization weighted_moments
"""
MATH = """
abs add add_n addn addv2 addmm accumulate_n argmax argmin atan avg_pool avgpool avg_pool3d avgpool3d batch_matmul
batchmatmul batchmatmulv2 bias_add biasadd ceil cos crelu cross cumprod cumsum div divide elu erf exp floor floordiv
floormod fractional_avg_pool fractional_max_pool gelu hardtanh leaky_relu leakyrelu log log1p log_softmax logsoftmax
logical_and logicaland logical_not logicalnot logical_or logicalor matmul max max_pool maxpool max_pool2d
max_pool_with_argmax maxpoolwithargmax max_pool3d maxpool3d maximum mean min minimum mod mul multiply neg negative pow
prelu prod quantized_relu realdiv reduce_all reduce_any reduce_logsumexp reduce_max reduce_mean reduce_min reduce_prod
reduce_sum relu relu6 relu_layer relulayer round rsqrt selu sigmoid sign sin softmax softplus softsign sqrt square
squared_difference squareddifference sub subtract sum swish tan tanh tensordot t top_k topk truediv xw_plus_b zeta
"""
TENSORS = """
boolean_mask booleanmask broadcast_to broadcastto cast concat concatv2 constant const cat depth_to_space depthtospace
dynamic_partition dynamicpartition dynamic_stitch dynamicstitch embedding_lookup embeddinglookup expand_dims expanddims
extract_image_patches fill flatten gather gather_nd gathernd gatherv2 invert_permutation linspace meshgrid mirror_pad
one_hot onehot ones ones_like oneslike pack pad padv2 permute random_normal random_uniform randomuniform range rank
reshape resize_bilinear resizebilinear reverse reverse_sequence scatter_nd scatternd select sequence_mask shape
shuffle size slice space_to_batch space_to_depth spacetodepth sparse_add sparse_concat sparse_reorder sparse_reshape
sparse_retain sparse_slice sparse_split sparse_tensor_dense_matmul sparse_to_dense sparsetodense split split_v splitv
squeeze stack strided_slice stridedslice tile transpose truncated_normal truncatednormal unique unpack unsqueeze
unstack variable variablev2 view where zeros zeros_like zeroslike
"""
CONTROL = """
assert assign assign_add assignadd assign_sub assignsub case cond control_dependency count_up_to enter equal exit
greater greater_equal greaterequal group identity identity_n identityn is_finite isfinite is_inf isinf is_nan isnan
less less_equal lessequal loop_cond loopcond merge next_iteration nextiteration no_op noop not_equal notequal print
ref_switch stop_gradient stopgradient switch tuple verify_tensor_all_finite while while_loop
"""
LOSSES = """
absolute_difference accuracy auc average_precision binary_cross_entropy binarycrossentropy compute_weighted_loss
cosine_distance cross_entropy cross_entropy_loss crossentropyloss ctc_loss ctcloss false_negatives false_positives
hinge_loss huber_loss in_top_k intopk kl_div l1_loss l2_loss l2loss log_loss mean_absolute_error mean_cosine_distance
mean_iou mean_per_class_accuracy mean_relative_error mean_squared_error mse_loss nce_loss nll_loss
percentage_below precision recall root_mean_squared_error sampled_softmax_loss sigmoid_cross_entropy
sigmoid_cross_entropy_with_logits softmax_cross_entropy softmax_cross_entropy_with_logits
softmaxcrossentropywithlogits sparse_softmax_cross_entropy sparse_softmax_cross_entropy_with_logits
sparsesoftmaxcrossentropywithlogits streaming_accuracy true_negatives true_positives
weighted_cross_entropy_with_logits
"""
INPUTS = """
batch batch_join batchdataset data dataset decode_bmp decode_csv decodecsv decode_gif decode_image decode_jpeg
decodejpeg decode_json_example decode_png decodepng decode_raw decoderaw fifo_queue fifoqueue fifoqueuev2
fixed_length_record_reader identity_reader input input_layer io_node iterator iteratorgetnext iteratorv2 matching_files matchingfiles
maybe_batch padding_fifo_queue parse_example parseexample parse_single_example parse_tensor placeholder
placeholder_with_default placeholderwithdefault priority_queue queue_dequeue queue_enqueue random_shuffle_queue
read_file readfile readvariable readvariableop record_input shuffle_batch slice_input_producer sparse_placeholder
string_input_producer text_line_reader tf_record_reader tfrecordreader whole_file_reader wholefilereader write_file
"""
CATEGORIES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Convolution", CONVOLUTION, ()),
    ("Normalization", NORMALIZATION, ("Batch Normalization", "Layer Normalization", "batch normalization")),
    ("Math&Activation&Pooling", MATH, ()),
    ("Sparse Tensors&Tensor Transformations", TENSORS, ()),
    ("ControlFlow", CONTROL, ()),
    ("Losses&Metrics", LOSSES, ()),
    ("InputsandReaders", INPUTS, ("io node",)),
)
OPERATORS: list[dict[str, Any]] = [{"op": op, "list": [*extra, *names.split()]} for op, names, extra in CATEGORIES]
